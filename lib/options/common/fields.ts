import * as v from 'valibot'
import { isUrl, parseUrl } from '../../base/url.js'
import { kindOf, missing, schemeHint } from '../given.js'
import { weaknessOf } from '../weak-secret.js'

const loopbackHost = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Whether a URL is on this machine, where plain http is always allowed (RFC 8252 section 8.3). */
export function isLoopback({ hostname }: URL): boolean {
  return loopbackHost.test(hostname)
}

/** Whether a name belongs to this machine, independent of DNS (RFC 6761 section 6.3). */
export function isLocalhostName(hostname: string): boolean {
  return hostname.endsWith('.localhost')
}

/** Whether requests to a URL are allowed: https, http on loopback, or any http with `dangerouslyAllowHttp`. */
export function isAllowedUrl(url: URL, dangerouslyAllowHttp: boolean): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && (dangerouslyAllowHttp || isLoopback(url)))
}

/**
 * The same for URLs that browsers or our own transport use: both resolve names below `localhost` without DNS. The global
 * `fetch`, which sends tokens to APIs, asks DNS.
 */
export function isAllowedHere(url: URL, dangerouslyAllowHttp: boolean): boolean {
  const isLocal = url.protocol === 'http:' && isLocalhostName(url.hostname)
  return isLocal || isAllowedUrl(url, dangerouslyAllowHttp)
}

/** Whether a text is an origin, spelled as `URL.origin` spells it. */
function isOrigin(value: string): boolean {
  return parseUrl(value)?.origin === value && !value.includes('*')
}

/** True or false, and no other truthy or falsy value. */
export const flag = v.pipe(v.boolean('must be true or false'), v.description('true or false'))

/** A function of the application. */
export const callback = v.pipe(v.function('must be a function'), v.description('a function'))

/** A non-empty string; `what` completes "expected …". */
export function text(what: string) {
  return v.pipe(
    v.string(({ input }) => (input === undefined ? missing(what) : `must be a string: ${what}`)),
    v.minLength(1, `is empty: expected ${what}`),
    v.description(what),
  )
}

/** An absolute http(s) URL without query, fragment or user name, kept exactly as written. */
export function httpUrl(what: string) {
  return v.pipe(
    text(what),
    v.check(isBareHttpUrl, ({ input }) => `must be ${what}, without query, fragment or user name${schemeHint(input)}`),
    v.description(what),
  )
}

/** An absolute http(s) URL of an endpoint, kept exactly as written. It may have a query. */
export function endpointUrl(what: string) {
  return v.pipe(
    text(what),
    v.check((value) => isHttpUrl(value), `must be ${what}, without fragment or user name`),
    v.description(what),
  )
}

/** An origin. */
export const origin = v.pipe(
  httpUrl('an origin'),
  v.check(isOrigin, 'must be an origin such as "https://www.example.com", without a path'),
)

/** A list of origins, empty by default. */
export const origins = v.optional(v.array(origin, 'must be a list of origins'), [])

const wellKnown = /\/\.well-known\/(?:openid-configuration|oauth-authorization-server)\b/

/** An issuer identifier. A common mistake is the URL of its metadata. */
export function issuerUrl(what: string) {
  return v.pipe(
    httpUrl(what),
    v.check(
      (value) => !wellKnown.test(value),
      ({ input }) =>
        `must be the issuer itself, without "/.well-known/…": its metadata names it as "issuer"${withoutWellKnown(input)}`,
    ),
    v.description(what),
  )
}

function withoutWellKnown(url: string): string {
  const shown = kindOf(url.slice(0, url.search(wellKnown)))
  return shown.startsWith('"') ? `, probably ${shown}` : ''
}

/**
 * A URL at which browsers reach this application.
 *
 * @param isPatternAllowed - whether the left-most label of its host may be `*`
 */
export function applicationUrl(what: string, isPatternAllowed = false) {
  return v.pipe(
    httpUrl(what),
    v.check(
      (value) => !isUrl(value) || isNamedHost(new URL(value).hostname, isPatternAllowed),
      isPatternAllowed
        ? 'must name one host, or have "*" as the whole left-most label of one: https://*.example.com'
        : 'must name one host: providers compare redirect URIs exactly (RFC 9700 section 2.1). Patterns such as https://*.example.com go into "baseUrls"',
    ),
    v.description(what),
  )
}

function isNamedHost(hostname: string, isPatternAllowed: boolean): boolean {
  return !(isPatternAllowed ? hostname.replace(/^\*\.(?=\w)/, '') : hostname).includes('*')
}

function isBareHttpUrl(value: string): boolean {
  return isHttpUrl(value) && new URL(value).search === ''
}

function isHttpUrl(value: string): boolean {
  const url = parseUrl(value)
  if (url === undefined || !/^https?:\/\/\S+$/i.test(value)) return false
  const { protocol, hash, username, password } = url
  return (protocol === 'https:' || protocol === 'http:') && hash === '' && username === '' && password === ''
}

/** A finite number of seconds within bounds, both included. */
export function seconds(least: number, most: number) {
  const what = `a number of seconds from ${least} to ${most}`
  return v.pipe(
    v.number(`must be ${what}`),
    v.check((value) => value >= least && value <= most, `must be ${what}`),
    v.description(what),
  )
}

/** A whole number within bounds, both included. */
export function wholeNumber(least: number, most: number) {
  const what = `must be a whole number from ${least} to ${most}`
  return v.pipe(
    v.number(what),
    v.check((n) => Number.isInteger(n) && n >= least && n <= most, what),
  )
}

/** A path of this application, such as `/login`. */
export const routePath = v.pipe(
  text('a path such as "/login"'),
  v.regex(/^\/(?!\/)[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/, 'must be a path that starts with one "/", without query'),
  v.description('a path such as "/login"'),
)

/** The path of a route that may be switched off. */
export const routePathOrOff = v.lazy((given) => (given === false ? v.literal(false) : routePath))

/** The name of a header, in lower case. */
export const headerName = v.pipe(
  text('the name of a header'),
  v.regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header'),
  v.toLowerCase(),
)

/** A secret of at least 32 characters, or a list of them: the first encrypts, and any can decrypt. */
export const secrets = v.pipe(
  v.union([v.string(), v.array(v.string())], ({ input }) =>
    input === undefined
      ? missing('a random string of at least 32 characters, or a list of them')
      : 'must be a string, or a list of strings',
  ),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
  v.check((list) => list.length > 0, 'must hold at least one secret'),
  v.check(
    (list) => weaknessOf(list) === undefined,
    ({ input: list }) =>
      `must be random and at least 32 characters long: make one with "openssl rand -base64 48" (given: ${weaknessOf(list) ?? ''})`,
  ),
  v.description('a random string of at least 32 characters, or a list of them'),
)

/** What scopes may be given as, where a list is accepted too. */
export const whatScopes = 'scopes separated by spaces, or a list of them'

/** Scopes separated by spaces (RFC 6749 section 3.3). */
export const scopes = v.pipe(
  v.string('must be scopes separated by spaces'),
  v.regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/, 'must be scopes separated by spaces'),
)

/** One name, or a list of names; `what` completes "must be …". */
export function listOf(isName: (value: string) => boolean, what: string) {
  const message = `must be ${what}, or a list of them`
  const name = v.pipe(v.string(message), v.check(isName, message))
  return v.pipe(
    v.union([name, v.array(name)], message),
    v.transform((value) => (typeof value === 'string' ? [value] : value)),
  )
}

const whatResource = 'an absolute URI without fragment'

function isResource(value: string): boolean {
  return isUrl(value) && !value.includes('#')
}

/** One resource indicator (RFC 8707 section 2). */
export const resource = v.pipe(
  v.string(`must be ${whatResource}`),
  v.check(isResource, `must be ${whatResource}`),
  v.description(whatResource),
)

/** Resource indicators (RFC 8707 section 2). */
export const resources = listOf(isResource, whatResource)
