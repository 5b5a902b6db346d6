import type { TracingChannel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'
import type { OidcErrorDetails, ProviderErrorReport, TokenDetails } from '../../error-details.js'
import { isOidcError, quoted } from '../error-cause.js'
import type { TraceEvent, TraceRemark, TraceStep } from './event.js'

/** The steps that have lines, and what they are called. A line for each request to the provider would be too much. */
const names: Readonly<Partial<Record<TraceStep, string>>> = {
  login: 'login begun',
  callback: 'login',
  session: 'session',
  refresh: 'renewal',
  logout: 'logout',
  backchannel_logout: 'back-channel logout',
  signal: 'security event',
  validation: 'access token',
  guard: 'guard',
  discovery: 'metadata',
  keys: 'keys',
  client_credentials: 'client credentials',
  token_exchange: 'token exchange',
  provider_options: 'providers',
  certificates: 'certificates',
}

/** Steps that succeed too often to be worth a line. */
const quiet: ReadonlySet<TraceStep> = new Set(['validation', 'discovery', 'keys', 'provider_options', 'certificates'])

/** What is said in place of "ok" of steps that end well, but are not what their name says. */
const notQuite: Readonly<Partial<Record<TraceRemark, string>>> = {
  begun_again:
    'begun again, nobody is signed in yet; the browser sent no cookie of this login, or it was too old (cookies belong to one host: open the application at that of baseUrl)',
  confirmation_shown: 'a page asks whether to sign out, nobody is signed out yet',
  logout_continued: 'the window goes on to the provider; an earlier request has ended the session',
}

/** Another copy of this package in the process, such as its CommonJS build, must not write each line again. */
const mark = Symbol.for('express-oidc.debug-log')

/** Writes a line for each login, refusal, renewal and logout, if `NODE_DEBUG` names `express-oidc` when the process starts. */
export function writeDebugLog(
  channels: Readonly<Record<TraceStep, TracingChannel<unknown, TraceEvent>>>,
  log: Pick<ReturnType<typeof debuglog>, 'enabled'> & ((format: string, line: string) => void) = debuglog(
    'express-oidc',
  ),
): void {
  if (!log.enabled || Reflect.has(globalThis, mark)) return
  Object.defineProperty(globalThis, mark, { value: true, configurable: true })
  const write = (event: TraceEvent): void => {
    const line = debugLine(event)
    if (line !== undefined) log('%s', line)
  }
  for (const channel of Object.values(channels)) {
    channel.subscribe({
      start: () => undefined,
      end: (event) => (event.outcome === undefined ? undefined : write(event)),
      asyncStart: () => undefined,
      asyncEnd: write,
      error: () => undefined,
    })
  }
}

/** The line for a step that has ended, if it gets one. It is one line, in printable ASCII, whatever the event holds. */
export function debugLine(event: TraceEvent): string | undefined {
  return lineOf(event)?.replace(/[^\x20-\x7e]+/g, ' ')
}

function lineOf(event: TraceEvent): string | undefined {
  const { step, outcome, issuer, clientId, provider, redirectUri, remarks } = event
  const name = names[step]
  if (name === undefined || (outcome === 'succeeded' && quiet.has(step) && remarks === undefined)) return undefined
  const facts = members({ issuer, client: clientId, provider, redirect_uri: redirectUri, remarks: remarks?.join(' ') })
  const [instead] = remarks?.flatMap((remark) => notQuite[remark] ?? []) ?? []
  if (instead !== undefined) return join(`${name}: ${instead}`, facts)
  if (outcome === 'succeeded') return join(`${name}: ok`, facts, flawOf(event))
  return join(`${name}: refused (${codesOf(event)})`, reasonOf(event.error), detailsOf(event.details), facts)
}

function flawOf({ idTokenFlaw, isShortLived }: TraceEvent): string {
  return members({ 'new ID Token left out': idTokenFlaw, 'short-lived': isShortLived })
}

/** The error's code and that of its cause, which says what a caller may not see. */
function codesOf({ error, errorCode = 'unexpected_error' }: TraceEvent): string {
  const cause = error?.cause
  return isOidcError(cause) && cause.code !== errorCode ? `${errorCode} < ${cause.code}` : errorCode
}

function reasonOf(error: TraceEvent['error']): string {
  if (error === undefined) return 'the application threw an error'
  const { cause } = error
  const deepest = isOidcError(cause) ? cause : error
  const system = deepest.cause instanceof Error ? ` (${deepest.cause.message})` : ''
  // Its own message has the X-Request-ID, and the cause calls the policy decision point a provider.
  const own = deepest !== error && error.code === 'decision_unavailable' ? `${error.message}: ` : ''
  return `${own}${deepest.message}${system}${said(error.provider)}`
}

// The description may name people.
function said(report: ProviderErrorReport | undefined): string {
  if (report === undefined) return ''
  const { via, error, codes } = report
  const where = via === 'browser' ? 'the browser brought' : 'the provider said'
  return `; ${where} ${members({ error, codes: codes?.join(' ') })}${report.description === undefined ? '' : ' and a text, in error.provider.description'}`
}

function detailsOf(details: OidcErrorDetails | undefined): string {
  if (details === undefined) return ''
  const { subject, seen, expected, option, offBySeconds, token } = details
  const facts = members({ subject, seen, expected, option, off: offBySeconds && `${offBySeconds}s` }, detail)
  return join(facts, tokenOf(token))
}

function tokenOf(token: TokenDetails | undefined): string {
  if (token === undefined) return ''
  const { exp, iat, nbf, ...texts } = token
  return `token ${members({ ...texts, exp: isoDate(exp), iat: isoDate(iat), nbf: isoDate(nbf) }, detail)}`
}

function isoDate(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString()
}

function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; ')
}

/** `name=value` of each value that is there. */
function members(
  values: Readonly<Record<string, string | number | boolean | undefined>>,
  show: (value: unknown) => string = quoted,
): string {
  return Object.entries(values)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${show(value)}`]))
    .join(' ')
}

// The texts of details are quoted already where they are values, and are words otherwise.
function detail(value: unknown): string {
  return typeof value === 'string' && /^(?:["[{]|missing$|nothing$)/.test(value) ? value : quoted(value)
}
