import { randomBytes } from 'node:crypto'
import { isOidcError } from '../../base/error-cause.js'
import { isJsonObject } from '../../base/json.js'
import { isUrl } from '../../base/url.js'
import {
  hasProviders,
  parseProvider,
  parseProvidersOptions,
  type ProvidersConfiguration,
  withoutEmptyProviders,
} from '../../options/oidc/providers/parse-providers.js'
import { type ApplicationConfiguration, type OidcConfiguration, parseOidcOptions } from '../../options/oidc/schema.js'
import { fail, type Finding, ok, unknown } from './finding.js'

/** This application as a client of one provider. */
export interface ClientConfiguration {
  /** The name of the provider, if there are several. */
  readonly name?: string
  readonly configuration: OidcConfiguration
  /** Whether the options are invalid. Then only the connection to the provider can be checked. */
  readonly isPartial: boolean
}

/** The options of `oidc()`, as far as they can be used. */
export interface Configurations {
  /** Absent if the options are invalid. */
  readonly application?: ApplicationConfiguration
  readonly clients: readonly ClientConfiguration[]
  readonly findings: readonly Finding[]
}

const wellKnown = /\/\.well-known\/.*$/

/** Checks options of `oidc()`. If they are invalid, the provider is examined all the same. */
export function configurationsOf(options: unknown): Configurations {
  try {
    return hasProviders(options) ? ofSeveral(parseProvidersOptions(toObject(options))) : ofOne(options)
  } catch (error) {
    if (!isOidcError(error)) throw error
    return { clients: partialClients(options), findings: flawsOf(error.message) }
  }
}

function toObject(options: unknown): object {
  return typeof options === 'object' && options !== null ? options : {}
}

function ofOne(options: unknown): Configurations {
  const configuration = parseOidcOptions(withoutEmptyProviders(options))
  const findings = [ok('options', 'the options of oidc() are complete and well-formed')]
  return { application: configuration, clients: [{ configuration, isPartial: false }], findings }
}

function ofSeveral(configuration: ProvidersConfiguration): Configurations {
  const { providers } = configuration
  const wellFormed = ok('options', 'the options of oidc() are complete and well-formed')
  if (typeof providers === 'function') {
    const hidden = unknown(
      'providers',
      'a function finds the providers, so they are not known here',
      'export a map of those that you want to have checked, as "providers" of other options',
    )
    return { application: configuration, clients: [], findings: [wellFormed, hidden] }
  }
  const clients = providers.map(({ name, configuration: own }) => ({ name, configuration: own, isPartial: false }))
  return { application: configuration, clients, findings: [wellFormed] }
}

/** The problems that a message of options lists, each with what to do. */
export function flawsOf(message: string, fixes = oidcFixes): readonly Finding[] {
  const [head = '', ...listed] = message.split('\n  - ')
  const call = head.replace(/: invalid options$/, '')
  if (listed.length === 0) return [fail('options', message, fixFor(message, fixes))]
  return listed.map((flaw) => fail('options', `${call}: ${flaw}`, fixFor(flaw, fixes)))
}

type Fixes = readonly (readonly [RegExp, string])[]

const unknownOption = [/is not an option/, 'correct the name, or leave the option out'] as const

/** What to do about options of `oidc()`, some of which come from variables. */
const oidcFixes: Fixes = [
  unknownOption,
  [/^"secret"/, 'make one with "openssl rand -base64 48", and give it as "secret" (SESSION_SECRET)'],
  [/^"issuer"/, 'give the member "issuer" of the provider\'s metadata, to the letter (ISSUER)'],
  [/"baseUrls?"/, 'give the URL that browsers show, such as https://app.example.com (BASE_URL)'],
  [/^"clientId"/, 'give the client ID that the provider shows for this application (CLIENT_ID)'],
  [/^"clientSecret"/, 'give the client secret that the provider shows for this application (CLIENT_SECRET)'],
]

/** The same of `bearer()`, whose `secret` is another. */
export const bearerFixes: Fixes = [unknownOption]

function fixFor(flaw: string, fixes: Fixes): string {
  const [, fix] = fixes.find(([pattern]) => pattern.test(flaw)) ?? []
  return fix ?? 'change the option as the message says: docs/options lists all of them'
}

function partialClients(options: unknown): readonly ClientConfiguration[] {
  const members = membersOf(options)
  if (!hasProviders(options)) return [partialClient(members)].flatMap((client) => client ?? [])
  const { providers, ...defaults } = members
  return Object.entries(membersOf(providers)).flatMap(([name, own]) => {
    try {
      return [{ name, configuration: parseProvider(name, own, standInsFor(defaults)).configuration, isPartial: true }]
    } catch {
      return partialClient(membersOf(own), name) ?? []
    }
  })
}

/** Options that say how to reach a provider. */
const ways = ['discoveryUrl', 'metadata', 'internalOrigin', 'tls', 'fetch', 'httpTimeoutSeconds', 'tenants'] as const

// First with everything that says how to reach the provider, and if that is invalid too, with the issuer alone.
function partialClient(options: Members, name?: string): ClientConfiguration | undefined {
  const issuer = issuerIn(options['issuer'])
  if (issuer === undefined) return undefined
  const given = Object.fromEntries(ways.flatMap((way) => (options[way] === undefined ? [] : [[way, options[way]]])))
  for (const more of [given, {}]) {
    try {
      const configuration = parseOidcOptions({ ...more, issuer, clientId: 'unknown', ...standInsFor({}) })
      return { ...(name === undefined ? {} : { name }), configuration, isPartial: true }
    } catch {
      // The errors have been reported.
    }
  }
  return undefined
}

// The URL of the metadata is what many take for the issuer.
function issuerIn(given: unknown): string | undefined {
  const text = typeof given === 'string' ? given.trim().replace(wellKnown, '') : ''
  return isUrl(text) ? text : undefined
}

function standInsFor(defaults: Members): Members {
  const { routes: _routes, ...others } = defaults
  const own = { baseUrl: 'https://app.invalid', secret: randomBytes(32).toString('base64url') }
  const { secret: _secret, baseUrl: _baseUrl, baseUrls: _baseUrls, ...rest } = others
  return { ...rest, ...own }
}

type Members = Readonly<Record<string, unknown>>

function membersOf(value: unknown): Members {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value)) : {}
}
