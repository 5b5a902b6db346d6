import { isOidcError } from '../../base/error-cause.js'
import { runtimeFor } from '../../base/runtime.js'
import { secretAlgorithm, algorithmNames } from '../../options/common/algorithms.js'
import { hasMethods } from '../../options/common/stores.js'
import type { ApplicationConfiguration } from '../../options/oidc/schema.js'
import type { Surroundings } from '../../options/surroundings.js'
import type { ProviderMetadata } from '../../provider/types.js'
import { type Application, createApplication } from '../../relying-party/application.js'
import { isPattern } from '../../relying-party/base-url-pattern.js'
import { examineApi } from './api.js'
import { checkApplication } from './application/settings.js'
import { checkRedirectUri } from './client/redirect-uri.js'
import { checkClient, checkMethod } from './client/credentials.js'
import { checkCookies } from './application/cookies.js'
import { checkKeys } from './client/keys.js'
import { checkPostLogout } from './client/post-logout.js'
import { measureToken } from './client/measure.js'
import { checkMetadata } from './client/metadata.js'
import { reach } from './reach/reach.js'
import { checkRedis } from './application/redis.js'
import { checkStores } from './application/store.js'
import { type ClientConfiguration, type Configurations, configurationsOf } from './configurations.js'
import { attempt, fail, type Finding, type Report, type Section } from './finding.js'
import type { Input } from './input.js'
import { type ClientServer, createClientServer } from './server.js'
import { baseUrlsOf, urlsToRegister } from './urls.js'

/** How much is examined. */
export interface Extent {
  readonly surroundings: Surroundings
  /** Whether to request a token for the client itself, to measure it. */
  readonly isMeasured: boolean
}

/** Runs all checks. One that fails does not keep others from running. */
export async function examine(input: Input, extent: Extent): Promise<Report> {
  const known: Configurations = input.oidc === undefined ? { clients: [], findings: [] } : configurationsOf(input.oidc)
  const { application, clients } = known
  const providers = await Promise.all(clients.map((client) => examineProvider(client, application, extent)))
  const lengths = providers.flatMap(({ tokenLength }) => tokenLength ?? [])
  const own = [
    ...input.findings,
    // Variables that are missing have been named.
    ...known.findings.filter(({ message }) => input.findings.length === 0 || !/(?:is|are) missing/.test(message)),
    ...(application === undefined
      ? []
      : await examineApplication(application, { ...extent, clients, input, tokenLength: largest(lengths) })),
  ]
  return {
    sections: [
      ...(own.length === 0 ? [] : [{ subject: { kind: 'application' as const }, findings: own }]),
      ...providers.map(({ section }) => section),
      ...(await examineApi(input.bearer, extent.surroundings)),
    ],
    urls:
      application === undefined
        ? []
        : clients.flatMap(({ name, configuration }) =>
            urlsToRegister({ ...application, logout: configuration.logout }, name),
          ),
  }
}

function largest(lengths: readonly number[]): number | undefined {
  return lengths.length === 0 ? undefined : Math.max(...lengths)
}

interface ApplicationExtent extends Extent {
  readonly clients: readonly ClientConfiguration[]
  readonly input: Input
  readonly tokenLength: number | undefined
}

async function examineApplication(
  configuration: ApplicationConfiguration,
  { surroundings, clients, input, tokenLength }: ApplicationExtent,
): Promise<readonly Finding[]> {
  const runtime = runtimeFor(configuration, ...clients.map((client) => client.configuration))
  const application = createApplication(configuration, ['doctor'], runtime)
  const redis = input.redis ?? clientOf(configuration)
  return [
    ...(await attempt('application', () => checkApplication(configuration, clients, surroundings))),
    ...(await attempt('cookie-budget', () => checkCookies(application, tokenLength))),
    ...(await attempt('store', () => checkStores(application))),
    ...(await attempt('redis', () => checkRedis(redis, usesOwnStore(application)))),
  ]
}

// Stores such as connect-redis show their client.
function clientOf({ session, sharedStore }: ApplicationConfiguration): unknown {
  const clients = [session.store, sharedStore].map((store): unknown => store && Reflect.get(store, 'client'))
  // Other stores have clients of other databases, or a wrapper of their own.
  return clients.find((client) => hasMethods(client, ['info']) || hasMethods(client, ['sendCommand']))
}

function usesOwnStore({ configuration }: Application): boolean {
  return [configuration.session.store, configuration.sharedStore].some(
    (store) => store?.constructor.name === 'RedisStore',
  )
}

interface Examined {
  readonly section: Section
  readonly tokenLength?: number | undefined
}

async function examineProvider(
  client: ClientConfiguration,
  application: ApplicationConfiguration | undefined,
  extent: Extent,
): Promise<Examined> {
  const { name, configuration } = client
  const subject = { kind: 'provider' as const, ...(name === undefined ? {} : { name }), issuer: configuration.issuer }
  let server: ClientServer
  try {
    server = createClientServer(client, extent.surroundings)
  } catch (error) {
    if (!isOidcError(error)) throw error
    return { section: { subject, findings: [fail('options', error.message, 'correct the option')] } }
  }
  try {
    const { findings, metadata, isUsable } = await reach(server)
    const read =
      metadata === undefined || client.isPartial
        ? []
        : await attempt('metadata', () => checkMetadata(metadata, configuration))
    const further = isUsable && !client.isPartial ? await examineClient(server, application) : []
    const tokenLength = isUsable && extent.isMeasured ? await measureToken(server) : undefined
    return { section: { subject, findings: [...findings, ...read, ...further] }, tokenLength }
  } finally {
    server.provider.close()
    server.requests.close()
  }
}

async function examineClient(
  server: ClientServer,
  application: ApplicationConfiguration | undefined,
): Promise<readonly Finding[]> {
  const { configuration, provider, name } = server
  let metadata: ProviderMetadata
  try {
    metadata = await provider.metadata()
  } catch (error) {
    if (!isOidcError(error)) throw error
    return [fail('metadata', error.message, 'have the provider correct it, or give what is missing in "metadata"')]
  }
  const { idTokenSigningAlg } = configuration
  const isByKeys = secretAlgorithm(idTokenSigningAlg) === undefined
  const keys = () => checkKeys(provider.keys, algorithmNames(idTokenSigningAlg), 'idTokenSigningAlg')
  const named = baseUrlsOf(application ?? configuration, name).filter(({ origin }) => !isPattern(origin))
  const [first] = named
  const found = [...(isByKeys ? await attempt('keys', keys) : []), ...checkMethod(server, metadata)]
  if (first === undefined) return found
  found.push(...(await attempt('client', () => checkClient(server, metadata, first.redirectUri))))
  for (const { redirectUri, postLogoutRedirectUri } of named) {
    found.push(...(await attempt('redirect-uri', () => checkRedirectUri(server, metadata, redirectUri))))
    found.push(...(await attempt('post-logout-redirect-uri', () => checkPostLogout(server, postLogoutRedirectUri))))
  }
  return found
}
