import { isOidcError } from '../../base/error-cause.js'
import { runtimeFor } from '../../base/runtime.js'
import type { IssuerConfiguration } from '../../options/bearer/issuer-schema.js'
import { keySources } from '../../options/bearer/keys.js'
import {
  type BearerConfiguration,
  introspectionIssuer,
  parseBearerOptions,
  reachedBy,
} from '../../options/bearer/schema.js'
import type { Surroundings } from '../../options/surroundings.js'
import { clientIdentity } from '../../provider/authentication/credentials.js'
import { createIntrospection } from '../../provider/endpoints/introspection.js'
import { connectionSettings, descriptionSettings, providerSettings } from '../../provider/settings.js'
import type { ProviderSettings } from '../../provider/types.js'
import { createTrustedIssuer, type TrustedIssuer } from '../../resource-server/issuers/trusted-issuer.js'
import { bearerFixes, flawsOf } from './configurations.js'
import { attempt, fail, type Finding, ok, type Section, unknown } from './finding.js'
import { createServer } from './server.js'
import { checkKeys } from './client/keys.js'
import { reach } from './reach/reach.js'

/** Examines what `bearer()` needs: each issuer's metadata and keys, and its introspection. */
export async function examineApi(options: unknown, surroundings: Surroundings): Promise<readonly Section[]> {
  if (options === undefined) return []
  try {
    const configuration = parseBearerOptions(options)
    const findings = [
      ok('options', 'the options of bearer() are complete and well-formed'),
      ...audiences(configuration),
    ]
    const issuers = [...configuration.trust.issuers]
    const sections = await Promise.all(
      issuers.map(async ([issuer, own]) => ({
        subject: { kind: 'api' as const, issuer },
        findings: await attempt('issuer', () => examineIssuer(issuer, own, configuration, surroundings)),
      })),
    )
    return [{ subject: { kind: 'application' }, findings }, ...sections]
  } catch (error) {
    if (!isOidcError(error)) throw error
    return [{ subject: { kind: 'application' }, findings: flawsOf(error.message, bearerFixes) }]
  }
}

function audiences({ trust }: BearerConfiguration): readonly Finding[] {
  const check = 'audience'
  const open = [...trust.issuers].flatMap(([issuer, { audience }]) => (audience === null ? [issuer] : []))
  const hidden = unknown(
    'issuers',
    'a function decides which issuers are trusted, so they are not known here',
    'export options with the issuers that you want to have checked',
  )
  const fix = 'give the identifier of this API as the provider puts it into "aud"'
  const forAnyone = unknown(check, `tokens of ${open.join(', ')} are accepted, whichever API they are meant for`, fix)
  return [...(trust.resolver === undefined ? [] : [hidden]), ...(open.length === 0 ? [] : [forAnyone])]
}

async function examineIssuer(
  issuer: string,
  own: IssuerConfiguration,
  configuration: BearerConfiguration,
  surroundings: Surroundings,
): Promise<readonly Finding[]> {
  const runtime = runtimeFor(...reachedBy(configuration))
  const { providerFetches, introspection, httpTimeoutSeconds } = configuration
  const isAsked = introspection !== undefined && introspectionIssuer(introspection, configuration.trust) === issuer
  const asked = isAsked ? introspection : undefined
  const ownFetch = providerFetches?.get(issuer)
  const common = {
    ...providerSettings(configuration, runtime),
    ...(asked === undefined
      ? {}
      : connectionSettings({ ...asked, issuer, httpTimeoutSeconds }, runtime, 'introspection.tls')),
    ...(ownFetch === undefined ? {} : { fetch: ownFetch }),
  }
  const trusted = createTrustedIssuer(issuer, own, common)
  try {
    const settings: ProviderSettings = { ...common, ...descriptionSettings(own), issuer }
    return await examineTrusted(trusted, { own, settings, surroundings, asked }, configuration)
  } finally {
    trusted.close()
  }
}

type Introspection = NonNullable<BearerConfiguration['introspection']>

interface Place {
  readonly own: IssuerConfiguration
  readonly settings: ProviderSettings
  readonly surroundings: Surroundings
  /** How opaque tokens are introspected there, if they are. */
  readonly asked: Introspection | undefined
}

async function examineTrusted(
  trusted: TrustedIssuer,
  { own, settings, surroundings, asked }: Place,
  configuration: BearerConfiguration,
): Promise<readonly Finding[]> {
  const hasKeys = keySources.some((source) => own[source] !== undefined)
  const keys = (): Promise<Finding> => checkKeys(trusted.keys, [...trusted.algorithms], 'algorithms')
  if (hasKeys && asked === undefined)
    return [ok('discovery', 'the options give the keys: no metadata is needed'), await keys()]
  const server = createServer(settings, surroundings)
  try {
    const { findings, isUsable } = await reach(server)
    if (!isUsable) return findings
    const signed = configuration.tokenFormat === 'opaque' ? [] : [await keys()]
    return [...findings, ...signed, ...(asked === undefined ? [] : [await introspect(trusted, asked, configuration)])]
  } finally {
    server.requests.close()
  }
}

/** Asks about a token that was never issued: only a client that the provider knows learns that it is inactive. */
async function introspect(
  trusted: TrustedIssuer,
  asked: Introspection,
  configuration: BearerConfiguration,
): Promise<Finding> {
  const check = 'introspection'
  const { httpTimeoutSeconds } = configuration
  const runtime = runtimeFor(...reachedBy(configuration))
  const { signedResponseAlg, decryptionKeys } = asked
  const client = { ...clientIdentity({ ...asked, httpTimeoutSeconds }), signedResponseAlg, decryptionKeys }
  try {
    const ask = createIntrospection(client, { ...trusted, runtime })
    await ask(runtime.randomBytes(32).toString('base64url'))
    return ok(check, `the provider accepts introspection requests of the client "${client.clientId}"`)
  } catch (error) {
    if (!isOidcError(error)) throw error
    const fix = 'correct the credentials in "introspection", and allow introspection to this client at the provider'
    return fail(check, `introspection at the provider failed: ${error.message}`, fix)
  }
}
