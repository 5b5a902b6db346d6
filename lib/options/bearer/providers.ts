import { ConfigurationError } from '../../errors.js'
import { isJsonObject } from '../../base/json.js'
import type { NamedProviderDescription } from '../common/provider-description.js'
import { isIssuerTemplate, tenantPlace } from '../common/tenants.js'
import type { IssuerOptions } from './issuer-options.js'

/** A provider whose access tokens are accepted: as in the option `providers` of `oidc()`. The client there is not needed. */
export interface TokenProvider extends NamedProviderDescription {
  /** The provider's issuer identifier. */
  issuer: string
  /** Makes the requests to this provider. @default the option `fetch` next to `providers` */
  fetch?: typeof fetch | undefined
}

/**
 * The issuers of the providers that an `oidc()` of this application has.
 *
 * @example
 * ```ts
 * const providers = { work: { issuer: 'https://id.example.com', clientId, clientSecret } }
 * app.use('/api', bearer({ providers, audience: 'https://api.example.com' }))
 * ```
 */
export interface TokenProviderOptions extends Pick<
  IssuerOptions,
  'audience' | 'profile' | 'clients' | 'subject' | 'algorithms'
> {
  /**
   * The same map as the option `providers` of `oidc()`: exactly these issuers are trusted, with their aliases, tenants and
   * descriptions. If several have the same issuer, the first describes it. Of a template's tenants, each has the metadata at its
   * own issuer, not those at a `discoveryUrl` which they share. `req.auth.provider` is the name, unless several have the issuer. A function that finds providers by name does not know the issuers of tokens: give a function as `issuer` then.
   */
  providers: Readonly<Record<string, TokenProvider>>
  /** The providers name their issuers. @default none */
  issuer?: undefined
}

/** What is known of the providers, apart from the map of issuers. */
export interface KnownProviders {
  /** Names of the providers by issuer, where one alone has it. */
  readonly providerNames: ReadonlyMap<string, string>
  /** What makes the requests to an issuer, where its provider has its own. */
  readonly providerFetches: ReadonlyMap<string, typeof fetch>
}

/** Options with a map of issuers in place of `providers`. */
interface IssuersFromProviders {
  readonly options: unknown
  /** Absent if there were no `providers`. */
  readonly known?: KnownProviders
}

const described = ['issuerAliases', 'discoveryUrl', 'metadata', 'internalOrigin', 'allowPrivateAddresses'] as const
const rules = ['audience', 'clients', 'subject', 'algorithms'] as const

/**
 * Replaces the option `providers` by a map of their issuers.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function issuersFromProviders(options: unknown, call: string): IssuersFromProviders {
  if (!isJsonObject(options) || options['providers'] === undefined) return { options }
  const { providers, issuer: _issuer, ...others } = options
  const flaw = flawOf(options)
  if (flaw !== undefined) throw new ConfigurationError('invalid_options', `${call}: invalid options\n  - ${flaw}`)
  const own = pick(others, rules)
  const rest = Object.entries(others).filter(([name]) => !Object.hasOwn(own, name))
  const found = Object.entries(isJsonObject(providers) ? providers : {}).flatMap(([name, one]) => issuersOf(name, one))
  const issuers = new Map<string, Found>()
  for (const one of found) {
    const first = issuers.get(one.issuer)
    issuers.set(one.issuer, first === undefined ? one : together(first, one))
  }
  const map = [...issuers.values()].map((one) => [one.issuer, { ...own, ...one.description }] as const)
  return {
    options: { ...Object.fromEntries(rest), issuer: Object.fromEntries(map) },
    known: {
      providerNames: byIssuer([...issuers.values()], ({ name }) => name),
      providerFetches: byIssuer([...issuers.values()], ({ fetch }) => fetch),
    },
  }
}

function byIssuer<T>(all: readonly Found[], memberOf: (one: Found) => T | undefined): ReadonlyMap<string, T> {
  const entries = all.flatMap((one) => {
    const member = memberOf(one)
    return member === undefined ? [] : [[one.issuer, member] as const]
  })
  return new Map(entries)
}

function flawOf({ providers, issuer, audience, introspection }: Readonly<Record<string, unknown>>): string | undefined {
  if (issuer !== undefined) return '"issuer" must not be given together with "providers": they name their issuers'
  if (audience === undefined) {
    return '"audience" is missing: expected this API\'s identifier as tokens name it, or null to accept tokens for anyone'
  }
  if (typeof providers === 'function') {
    return '"providers" must be a map here: a function of names cannot be asked for the issuer of a token. Give a function as "issuer", which gets that'
  }
  if (!isJsonObject(providers) || Object.keys(providers).length === 0) {
    return '"providers" must be a map from name to { issuer, ... }, as in oidc()'
  }
  for (const [name, one] of Object.entries(providers)) {
    const flaw = providerFlaw(one, introspection)
    if (flaw !== undefined) return `"providers.${name}" ${flaw}`
  }
  return undefined
}

function providerFlaw(provider: unknown, introspection: unknown): string | undefined {
  if (!isJsonObject(provider) || typeof provider['issuer'] !== 'string') return 'must have an "issuer"'
  if (provider['fetch'] !== undefined && !isFetch(provider['fetch'])) return 'must have a function as "fetch"'
  if (provider['fetch'] !== undefined && hasCertificate(introspection, provider['issuer'])) {
    return 'must not have "fetch" with "introspection.tls": that function makes the connections'
  }
  if (!isIssuerTemplate(provider['issuer']) || Array.isArray(provider['tenants'])) return undefined
  return 'must have "tenants" as a list: only then are the issuers of its tokens known'
}

// Without a name in it, the introspection is that of the only issuer.
function hasCertificate(introspection: unknown, issuer: string): boolean {
  if (!isJsonObject(introspection) || introspection['tls'] === undefined) return false
  return (introspection['issuer'] ?? issuer) === issuer
}

function isFetch(value: unknown): value is typeof fetch {
  return typeof value === 'function'
}

/** One issuer, and how it is described. */
interface Found {
  readonly issuer: string
  /** The name of the provider; absent if several have the issuer. */
  readonly name: string | undefined
  readonly description: Readonly<Record<string, unknown>>
  readonly fetch: typeof globalThis.fetch | undefined
}

function issuersOf(name: string, provider: unknown): readonly Found[] {
  if (!isJsonObject(provider)) return []
  const issuer = String(provider['issuer'])
  const description = pick(provider, described)
  const fetch = isFetch(provider['fetch']) ? provider['fetch'] : undefined
  if (!isIssuerTemplate(issuer)) return [{ issuer, name, description, fetch }]
  const tenants: readonly unknown[] = Array.isArray(provider['tenants']) ? provider['tenants'] : []
  return tenants.map((tenant) => {
    const fill = (template: unknown): string => String(template).replace(tenantPlace, String(tenant))
    const { issuerAliases: aliases, discoveryUrl: url, ...more } = description
    const filled = Array.isArray(aliases) ? { issuerAliases: aliases.map(fill) } : {}
    const place = isShared(url) ? {} : { discoveryUrl: typeof url === 'string' ? fill(url) : url }
    return { issuer: fill(issuer), name, description: { ...more, ...filled, ...place }, fetch }
  })
}

// Metadata that tenants have in common name the template as their issuer, as logins need it. Those of one tenant are at its issuer.
function isShared(discoveryUrl: unknown): boolean {
  return typeof discoveryUrl === 'string' && !isIssuerTemplate(discoveryUrl)
}

// Two clients of one provider: its tokens are the same.
function together(first: Found, other: Found): Found {
  const aliases = [first, other].flatMap(({ description }) => description['issuerAliases'] ?? [])
  const description = aliases.length === 0 ? {} : { issuerAliases: [...new Set(aliases)] }
  return { ...first, name: undefined, description: { ...first.description, ...description } }
}

function pick(from: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]] as const])))
}
