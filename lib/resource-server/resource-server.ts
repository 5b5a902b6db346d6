import { type BearerConfiguration, introspectionIssuer } from '../options/bearer/schema.js'
import type { Runtime } from '../base/runtime.js'
import { createIntrospection } from '../provider/endpoints/introspection.js'
import type { ProviderHealth } from '../provider/types.js'
import { type ApiKeyVerification, createApiKeyVerification, createTokenCheck } from './application-checks.js'
import { type Issuers, createIssuers } from './issuers/issuers.js'
import { createJwtValidation } from './validation/jwt.js'
import { createPossessionCheck, possessionRules } from './proof-of-possession/check.js'
import { type BearerChallenges, type TokenScheme, createBearerChallenges } from './challenges.js'
import type { LightweightTokens } from './validation/lightweight.js'
import { createOpaqueValidation } from './validation/opaque.js'
import { customScopes, standardScopes } from './validation/scopes.js'
import { VerifiedTokenCache } from './validation/verified-token-cache.js'
import { type IssuerSettings, type TrustedIssuer, createTrustedIssuer } from './issuers/trusted-issuer.js'
import { TokenValidator } from './validation/token-validator.js'
import { type ClaimReading, customMachines } from './validation/verified-token.js'
import { endpointOf } from '../provider/metadata.js'
import { clientIdentity } from '../provider/authentication/credentials.js'
import { type ProviderConnection, connectionSettings, providerSettings } from '../provider/settings.js'

/** One protected resource: everything that `bearer()` needs apart from HTTP. */
export interface ResourceServer {
  readonly validator: TokenValidator
  readonly challenges: BearerChallenges
  /** Absent where there are no API keys. */
  readonly apiKeys?: ApiKeyVerification
  /** Fetches the known issuers' metadata and keys ahead of the first token. */
  ready(): Promise<void>
  /** The state of each issuer's metadata and keys; makes no request. */
  health(): readonly ProviderHealth[]
  /** Aborts requests in flight; nothing is fetched afterwards. */
  close(): void
}

/**
 * Creates a protected resource. Nothing is fetched yet.
 *
 * @throws {ConfigurationError} `invalid_options` for unusable keys
 */
export function createResourceServer(configuration: BearerConfiguration, runtime: Runtime): ResourceServer {
  const { clockToleranceSeconds, httpTimeoutSeconds: seconds, cache, check, apiKey, tokenFormat } = configuration
  const settings = { ...providerSettings(configuration, runtime), connections: connectionsOf(configuration, runtime) }
  const issuers = createIssuers(configuration.trust, settings)
  const challenges = createBearerChallenges(challengeSettings(configuration))
  const reading = claimReading(configuration)
  const introspected = introspectedTokens(configuration, { issuers, settings, reading })
  const asked = introspected === undefined ? [] : [introspected.issuer]
  const jwt = createJwtValidation(issuers, {
    clockToleranceSeconds,
    reading,
    runtime,
    lightweight: introspected?.tokens,
  })
  const validator = new TokenValidator({
    schemes: schemesOf(configuration),
    challenges,
    clockToleranceSeconds,
    runtime,
    possession: createPossessionCheck(possessionRules(configuration, runtime), challenges),
    ...(tokenFormat === 'opaque' ? {} : { jwt }),
    ...(introspected === undefined ? {} : { opaque: introspected.tokens.introspect }),
    ...(configuration.providerNames === undefined ? {} : { providerNames: configuration.providerNames }),
    ...(check === undefined ? {} : { check: createTokenCheck(check, seconds) }),
    ...(cache === false ? {} : { cache: new VerifiedTokenCache(cache, runtime, issuers.isCurrent) }),
  })
  return {
    validator,
    challenges,
    ...(apiKey === undefined ? {} : { apiKeys: createApiKeyVerification(apiKey, { challenges, runtime, seconds }) }),
    ready: async () => {
      const signing = tokenFormat === 'opaque' ? [] : issuers.all()
      await Promise.all([...signing.map((issuer) => issuer.ready()), introspected?.ready()])
    },
    // The issuer that is asked about opaque tokens may be none of those whose JWTs are accepted.
    health: () => [...new Set([...issuers.all(), ...asked])].map((issuer) => issuer.health()),
    close: () => {
      for (const part of [issuers, ...asked]) part.close()
    },
  }
}

// The certificate is for the authorization server where this API is a client, and for no other.
function connectionsOf(
  { introspection, trust, providerFetches = new Map(), httpTimeoutSeconds }: BearerConfiguration,
  runtime: Runtime,
): ReadonlyMap<string, ProviderConnection> {
  const connections = new Map<string, ProviderConnection>(
    [...providerFetches].map(([issuer, fetch]) => [issuer, { fetch }]),
  )
  if (introspection === undefined) return connections
  const asked = introspectionIssuer(introspection, trust)
  const asking = { ...introspection, issuer: asked, httpTimeoutSeconds }
  const own = connectionSettings(asking, runtime, 'introspection.tls')
  return connections.set(asked, { ...own, ...connections.get(asked) })
}

interface IntrospectionPlace {
  readonly issuers: Issuers
  readonly settings: IssuerSettings
  readonly reading: ClaimReading
}

/** How tokens are introspected at one authorization server. */
interface Introspected {
  readonly issuer: TrustedIssuer
  readonly tokens: LightweightTokens
  /** Fetches what introspection needs. */
  ready(): Promise<void>
}

function introspectedTokens(
  { introspection, trust, clockToleranceSeconds }: BearerConfiguration,
  { issuers, settings, reading }: IntrospectionPlace,
): Introspected | undefined {
  if (introspection === undefined) return undefined
  const { cacheSeconds, audience: ownAudience, signedResponseAlg, decryptionKeys } = introspection
  const name = introspectionIssuer(introspection, trust)
  const { audience = null, ...defaults } = trust.defaults
  const issuer = issuers.find(name) ?? createTrustedIssuer(name, { ...defaults, audience }, settings)
  const { runtime } = settings
  const judge = ownAudience === undefined ? issuer : { ...issuer, audience: ownAudience }
  const identity = clientIdentity({ ...introspection, httpTimeoutSeconds: settings.httpTimeoutSeconds })
  const client = { ...identity, signedResponseAlg, decryptionKeys }
  const introspect = createIntrospection(client, { ...issuer, runtime })
  const rules = { introspect, issuer: judge, reading, cacheSeconds, clockToleranceSeconds, runtime }
  return {
    issuer,
    tokens: { issuer: issuer.issuer, introspect: createOpaqueValidation(rules) },
    ready: async () => {
      await endpointOf(issuer.metadata, 'introspection_endpoint')
      if (signedResponseAlg !== undefined) await issuer.keys.ready()
    },
  }
}

function claimReading({ scopes, isMachine }: BearerConfiguration): ClaimReading {
  return {
    scopes: scopes === undefined ? standardScopes() : customScopes(scopes),
    isMachine: isMachine === undefined ? () => undefined : customMachines(isMachine),
  }
}

function schemesOf({ dpop }: BearerConfiguration): readonly TokenScheme[] {
  if (dpop.mode === 'off') return ['bearer']
  return dpop.mode === 'required' ? ['dpop'] : ['bearer', 'dpop']
}

function challengeSettings(configuration: BearerConfiguration): Parameters<typeof createBearerChallenges>[0] {
  const { realm, challengeScope, resourceMetadata, dpop } = configuration
  const schemes = schemesOf(configuration)
  return { schemes, realm, challengeScope, resourceMetadata, proofAlgorithms: dpop.algorithms }
}
