import * as v from 'valibot'
import { ConfigurationError } from '../../../errors.js'
import { omitUndefined } from '../../../base/json.js'
import { callback, text, wholeNumber, seconds } from '../../common/fields.js'
import { byDefault, parseOptions, section } from '../../common/parse.js'
import { providerRouteNames } from '../routes/routes.js'
import { type ApplicationConfiguration, type OidcConfiguration, oidcEntries, parseOidcOptions } from '../schema.js'
import { isProviderName, whatNames } from './names.js'
import { applicationOptions, type LoginChoice, type LoginPageContext, providerDefaults } from './options.js'

/** One of several providers, with its checked options. */
export interface NamedProvider {
  readonly name: string
  readonly label: string
  readonly configuration: OidcConfiguration
}

/** The application's own page with the choices. */
export type LoginPage = (choices: readonly LoginChoice[], context: LoginPageContext<unknown, unknown>) => unknown

/** The checked options of an `oidc()` with several providers. */
export interface ProvidersConfiguration extends ApplicationConfiguration {
  /** The providers, or a function that finds one. */
  readonly providers: readonly NamedProvider[] | ((name: string, req: unknown) => unknown)
  readonly providerCache: { readonly maxEntries: number; readonly seconds: number }
  readonly loginPage?: LoginPage | undefined
  /** What is given for all providers, unchecked. */
  readonly defaults: Readonly<Record<string, unknown>>
}

const call = 'oidc()'
/** The checks of the options that only an `oidc()` with several providers has. */
export const own = section({
  providerCache: byDefault({
    maxEntries: v.optional(wholeNumber(1, 100_000), 1000),
    seconds: v.optional(seconds(1, 86_400), 300),
  }),
  loginPage: v.optional(callback),
})
// Long enough for any algorithm that idTokenSigningAlg may name for all providers.
const standIn = { issuer: 'https://provider.invalid', clientId: 'none', clientSecret: 'none'.repeat(16) }
/** The checks of the options that only one of several providers has. */
export const label = section({ label: v.optional(text('what people choose the provider by')) })

/** Whether options are those of several providers. */
export function hasProviders(options: unknown): boolean {
  return typeof options === 'object' && options !== null && Reflect.get(options, 'providers') !== undefined
}

/** Options of one provider, without a member `providers`, which is undefined there. */
export function withoutEmptyProviders(options: unknown): unknown {
  if (typeof options !== 'object' || options === null || !Object.hasOwn(options, 'providers')) return options
  return Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'providers'))
}

/**
 * Checks the options of an `oidc()` with several providers.
 *
 * @throws {ConfigurationError} `invalid_options`. The message names the provider.
 */
export function parseProvidersOptions(options: object): ProvidersConfiguration {
  const { providers, providerCache, loginPage, ...given } = membersOf(options)
  requireApplicationOptions(given, providers)
  const { providerCache: cache, loginPage: page } = parseOptions(call, own, { providerCache, loginPage })
  // The rules between options are those for one provider, so one of no consequence stands in.
  const {
    issuer: _issuer,
    clientId: _clientId,
    clientSecret: _,
    ...application
  } = parseOidcOptions({ ...given, ...standIn })
  const parsed = isFunction(providers) ? providers : parseMap(providers, given)
  if (!isFunction(parsed)) requireRoutes(parsed, application.routes)
  return Object.freeze({
    ...application,
    providers: parsed,
    providerCache: cache,
    loginPage: page,
    defaults: given,
  })
}

function isFunction(value: unknown): value is (name: string, req: unknown) => unknown {
  return typeof value === 'function'
}

function parseMap(providers: unknown, defaults: Readonly<Record<string, unknown>>): readonly NamedProvider[] {
  if (typeof providers !== 'object' || providers === null || Array.isArray(providers)) {
    throw flaw('"providers" must be an object of providers by name, or a function that finds one')
  }
  const entries = Object.entries(membersOf(providers))
  if (entries.length === 0) throw flaw('"providers" must name at least one provider')
  const invalid = entries.find(([name]) => !isProviderName(name))?.[0]
  if (invalid !== undefined) {
    throw flaw(
      `"providers" must have names of ${whatNames}: ${JSON.stringify(invalid.slice(0, 80))} is not a valid name`,
    )
  }
  return Object.freeze(entries.map(([name, options]) => parseProvider(name, options, defaults)))
}

/**
 * Checks the options of one provider.
 *
 * @param defaults - what is given for all providers; a provider's own win, in `logout` member by member
 * @throws {ConfigurationError} `invalid_options`. The message names the provider.
 */
export function parseProvider(
  name: string,
  options: unknown,
  defaults: Readonly<Record<string, unknown>>,
): NamedProvider {
  const where = `oidc({ providers: { ${name} } })`
  if (typeof options !== 'object' || options === null) throw flaw('the provider must be an object of options', where)
  // A member that is undefined does not hide what is given for all providers.
  const { label: given, ...members } = omitUndefined(membersOf(options))
  const misplaced = applicationOptions.filter((option) => members[option] !== undefined)
  if (misplaced.length > 0) {
    const list = misplaced.map((option) => `"${option}"`).join(', ')
    throw flaw(`${list} belongs to the whole application: give it next to "providers"`, where)
  }
  const parsed = parseOidcOptions({ ...defaults, ...members, logout: logoutOf(members, defaults, where) }, where)
  const configuration = Object.freeze({ ...parsed, provider: name })
  return Object.freeze({ name, label: parseOptions(where, label, { label: given }).label ?? name, configuration })
}

// The routes of a provider are below those of the application, which may be below each other.
function requireRoutes(providers: readonly NamedProvider[], routes: OidcConfiguration['routes']): void {
  const all = Object.values(routes)
  const shared = providerRouteNames.map((route) => routes[route])
  for (const { name } of providers) {
    const taken = shared.find((path) => path !== false && all.includes(`${path}/${name}`))
    if (taken !== undefined) throw flaw(`"routes" must leave ${taken}/${name} to the provider of that name`)
  }
}

// Anything but an object is left for the schema to refuse.
function logoutOf(members: Members, defaults: Members, where: string): unknown {
  const [own = {}, common = {}] = [members['logout'], defaults['logout']]
  if (typeof own !== 'object' || own === null || typeof common !== 'object' || common === null) return own
  const { returnTo, ...others } = omitUndefined(membersOf(own))
  if (returnTo === undefined) return { ...membersOf(common), ...others }
  throw flaw('"logout.returnTo" belongs to the whole application: give it next to "providers"', where)
}

function requireApplicationOptions(given: Members, providers: unknown): void {
  const known = new Set<string>([...applicationOptions, ...providerDefaults])
  const misplaced = Object.keys(given).filter(
    (name) => given[name] !== undefined && !known.has(name) && Object.hasOwn(oidcEntries, name),
  )
  if (misplaced.length > 0) {
    const list = misplaced.map((name) => `"${name}"`).join(', ')
    throw flaw(`${list} must not be given together with "providers": give it in the options of each provider`)
  }
  if (isFunction(providers) && given['fetch'] !== undefined && given['allowPrivateAddresses'] !== true)
    throw flaw(
      '"fetch" together with a function "providers" needs "allowPrivateAddresses: true": such a function looks names up by itself, so it must refuse private addresses itself',
    )
  if (given['silentLogin'] === true)
    throw flaw('"silentLogin" must not be on with "providers": it is not known at which of them to try')
  const { routes, session } = given
  if (typeof routes === 'object' && routes !== null && Reflect.get(routes, 'login') === false)
    throw flaw('"routes.login" must not be false with "providers": people choose one there')
  if (typeof session === 'object' && session !== null && Reflect.get(session, 'migrateFrom') !== undefined)
    throw flaw('"session.migrateFrom" must not be given with "providers": the old sessions are those of one provider')
}

type Members = Readonly<Record<string, unknown>>

// Own members only: nobody's prototype is an option.
function membersOf(options: object): Members {
  return Object.fromEntries(Object.entries(options))
}

function flaw(message: string, where = call): ConfigurationError {
  return new ConfigurationError('invalid_options', `${where}: invalid options\n  - ${message}`)
}
