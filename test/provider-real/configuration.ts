import { randomBytes } from 'node:crypto'
import {
  type Client,
  type ClientMetadata,
  type Configuration,
  type KoaContextWithOIDC,
  type ResourceServer,
  errors,
} from 'oidc-provider'
import { realProviderKey, signingKey } from '../kit/provider/keys.js'
import type { Accounts } from './accounts.js'
import { interactionPath, policyWithStepUp } from './interactions.js'
import { memoryAdapter } from './memory-adapter.js'

/** Everything that {@link configuration} is made of. */
export interface Settings {
  readonly clients: readonly ClientMetadata[]
  readonly accounts: Accounts
  readonly acrValues: readonly string[]
  /** APIs by their resource indicator (RFC 8707), with the scopes of each. */
  readonly resources: Readonly<Record<string, string>>
  /** Seconds. */
  readonly accessTokenTtl: number
  readonly overrides: Configuration
}

/** A strict provider: PKCE for everybody, rotation at every refresh, JWT access tokens for every known API. */
export function configuration(settings: Settings): Configuration {
  const { clients, accounts, acrValues, accessTokenTtl, overrides } = settings
  return {
    adapter: memoryAdapter(),
    clients: [...clients],
    jwks: { keys: signingKeys },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    pkce: { required: () => true },
    acrValues: [...acrValues],
    // Small applications read the person's name from the ID Token, without a call to the userinfo endpoint.
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'dept', 'roles'], profile: ['name'], email: ['email', 'email_verified'] },
    interactions: { policy: policyWithStepUp(), url: (_ctx, { uid }) => `${interactionPath}/${uid}` },
    findAccount: (_ctx, sub) =>
      sub in accounts ? { accountId: sub, claims: async () => ({ sub, ...accounts[sub] }) } : undefined,
    loadExistingGrant: grantEverything,
    issueRefreshToken: async (_ctx: KoaContextWithOIDC, client: Client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: async () => false,
    extraTokenClaims: async (_ctx, token) => apiClaims(accounts, token),
    ttl: {
      AccessToken: accessTokenTtl,
      AuthorizationCode: 60,
      ClientCredentials: accessTokenTtl,
      Grant: 86_400,
      IdToken: 3_600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    ...overrides,
    features: Object.assign(features(settings), overrides.features),
  }
}

function features({ resources, accessTokenTtl }: Settings): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    jwtResponseModes: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true },
    revocation: { enabled: true, allowedPolicy: async () => true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: page('Signing out'),
      postLogoutSuccessSource: page('Signed out'),
    },
    resourceIndicators: {
      enabled: true,
      // Whoever names one API in the authorization request means it at the token endpoint too.
      useGrantedResource: async (_ctx, { resource }) => typeof resource === 'string',
      getResourceServerInfo: async (_ctx, resource) => resourceServer(resources, resource, accessTokenTtl),
    },
  }
}

function resourceServer(resources: Settings['resources'], resource: string, accessTokenTTL: number): ResourceServer {
  const scope = resources[resource]
  if (scope === undefined) throw new errors.InvalidTarget()
  return {
    scope,
    audience: resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL,
    jwt: { sign: { alg: 'RS256' } },
  }
}

/** Claims of a person go into their access tokens too; a machine's token has nobody to speak of. */
function apiClaims(accounts: Accounts, token: object): Record<string, unknown> | undefined {
  if (!('accountId' in token) || typeof token.accountId !== 'string') return undefined
  const { dept, roles } = accounts[token.accountId] ?? {}
  return { dept, roles }
}

/** Consent without a page: the person's grant to the client covers whatever the request asks for. */
async function grantEverything(ctx: KoaContextWithOIDC) {
  const { provider, client, session, requestParamOIDCScopes, requestParamClaims, resourceServers } = ctx.oidc
  const clientId = client?.clientId ?? ''
  const grantId = session?.grantIdFor(clientId)
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const grant = known ?? new provider.Grant({ clientId, accountId: session?.accountId })
  grant.addOIDCScope([...requestParamOIDCScopes].join(' '))
  grant.addOIDCClaims([...requestParamClaims])
  for (const [resource, { scope }] of Object.entries(resourceServers ?? {})) grant.addResourceScope(resource, scope)
  await grant.save()
  return grant
}

function page(title: string) {
  return async (ctx: KoaContextWithOIDC): Promise<void> => {
    ctx.body = `<!doctype html><title>${title}</title><p>${title}.</p>`
  }
}

// What tells two providers apart is their issuer.
const signingKeys = [realProviderKey, signingKey('ES256')].map(({ privateKey, alg }) => ({
  ...privateKey.export({ format: 'jwk' }),
  use: 'sig',
  alg,
}))
