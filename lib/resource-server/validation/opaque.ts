import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type OidcError, ProviderError, TokenValidationError } from '../../errors.js'
import { isOidcError, quotedName } from '../../base/error-cause.js'
import { ageOf } from '../../base/age.js'
import type { Runtime } from '../../base/runtime.js'
import type { Introspect } from '../../provider/endpoints/introspection.js'
import type { JsonObject } from '../../base/json.js'
import { dateDetails } from '../../jose/claim-rules.js'
import { checkTokenClaims } from './access-token-claims.js'
import { requireAccessTokenUse } from './token-type.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import type { VerifiedToken } from '../types.js'
import { type ClaimReading, readVerifiedToken } from './verified-token.js'
import { Backoff } from '../../base/outage.js'

/** Validates one opaque token by introspection, or by a cached response. */
export type OpaqueValidation = (token: string) => VerifiedToken | Promise<VerifiedToken>

/** The rules for opaque tokens. */
interface OpaqueRules {
  readonly introspect: Introspect
  readonly issuer: Pick<TrustedIssuer, 'issuer' | 'aliases' | 'audience' | 'clients' | 'subject'>
  readonly reading: ClaimReading
  /** How long a response is cached, but never past `exp`. */
  readonly cacheSeconds: number
  readonly clockToleranceSeconds: number
  readonly runtime: Runtime
}

/** What follows from a response, and when it was asked for. */
interface Answer<Result> {
  readonly result: Result
  readonly givenAt: number
}

const maxAnswers = 5000
const maxRefusalSeconds = 10
// One or two failures do not count: anyone can send a made-up token that the server fails on.
const backoffRules = { free: 2, maxSeconds: 30 }
// The same for one token: others do not wait with it, and it does not wait long once the server is back.
const tokenBackoffRules = { free: 1, maxSeconds: 5 }
const maxFailing = 1000
// An answer that makes no sense was about one token: the server itself is there. Nor does the limit of this process say
// anything of it.
const notAboutServer: readonly string[] = [
  'provider_response_invalid',
  'provider_response_too_large',
  'outbound_limit_reached',
]
const tokenTypes: readonly unknown[] = ['bearer', 'dpop']

/**
 * Creates the validation of opaque tokens (RFC 7662): one request at a time per token, with responses cached by the
 * token's SHA-256.
 *
 * @returns a function that throws, or rejects with, {@link TokenValidationError}, and `ProviderError` when
 *   introspection fails
 */
export function createOpaqueValidation(rules: OpaqueRules): OpaqueValidation {
  const accepted = new LRUCache<string, Answer<VerifiedToken>>({ max: maxAnswers })
  // Anyone can make tokens up: they must not push out those that are good.
  const refused = new LRUCache<string, Answer<TokenValidationError>>({ max: maxAnswers })
  const underWay = new Map<string, Promise<VerifiedToken>>()
  const outages = new Outages(rules.runtime)
  const isFresh = ({ givenAt }: Answer<unknown>, seconds: number): boolean =>
    ageOf(givenAt, rules.runtime.now()) < seconds * 1000
  const ask = async (key: string, token: string): Promise<VerifiedToken> => {
    const givenAt = rules.runtime.now()
    const response = await outages.run({ key, wasGood: accepted.has(key) }, () => rules.introspect(token))
    accepted.delete(key)
    refused.delete(key)
    try {
      const verified = readResponse(response, rules)
      accepted.set(key, { result: verified, givenAt })
      return verified
    } catch (error) {
      if (error instanceof TokenValidationError) refused.set(key, { result: error, givenAt })
      throw error
    }
  }
  return (token) => {
    const key = hash('sha256', token, 'binary')
    const good = accepted.get(key)
    const current = good !== undefined && isFresh(good, rules.cacheSeconds) ? currentOf(good.result, rules) : undefined
    if (current !== undefined) return current
    const bad = refused.get(key)
    if (bad !== undefined && isFresh(bad, Math.min(rules.cacheSeconds, maxRefusalSeconds))) throw bad.result
    const flight = underWay.get(key)
    if (flight !== undefined) return flight
    const started = ask(key, token).finally(() => underWay.delete(key))
    underWay.set(key, started)
    return started
  }
}

/** A token that the server is asked about, and whether it was good the last time. */
interface Asked {
  readonly key: string
  readonly wasGood: boolean
}

/**
 * Backs off when the server fails for several tokens in a row. However often it fails for the same one, that counts once. Tokens that were
 * good before wait only for failures of such tokens: anyone can make up some that the server does not cope with.
 */
class Outages {
  readonly #runtime: Runtime
  readonly #ofAll: Backoff
  readonly #ofGood: Backoff
  readonly #ofToken = new LRUCache<string, Backoff>({ max: maxFailing })

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#ofAll = new Backoff(runtime, backoffRules)
    this.#ofGood = new Backoff(runtime, backoffRules)
  }

  async run<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
    this.#ofToken.get(asked.key)?.requireTurn()
    const gate = asked.wasGood ? this.#ofGood : this.#ofAll
    gate.requireTurn()
    try {
      const value = await work()
      this.#ofAll.recordSuccess()
      this.#ofGood.recordSuccess()
      this.#ofToken.delete(asked.key)
      return value
    } catch (error) {
      if (isOidcError(error) && isAboutServer(error)) this.#record(asked, error)
      throw error
    }
  }

  #record({ key, wasGood }: Asked, failure: OidcError): void {
    const own = this.#ofToken.get(key) ?? new Backoff(this.#runtime, tokenBackoffRules)
    this.#ofToken.set(key, own)
    own.recordFailure(failure)
    for (const backoff of wasGood ? [this.#ofAll, this.#ofGood] : [this.#ofAll]) {
      const isDown = backoff.failures > backoffRules.free
      if (isDown || own.failures === 1) backoff.recordFailure(failure)
    }
  }
}

function isAboutServer(failure: OidcError): boolean {
  return failure instanceof ProviderError && !notAboutServer.includes(failure.code)
}

function readResponse(answer: Readonly<JsonObject>, rules: OpaqueRules): VerifiedToken {
  const response = withoutEmpty(answer)
  if (response['active'] !== true)
    throw new TokenValidationError('token_inactive', 'the authorization server says that the token is not active')
  requireAccessTokenUse(response)
  const type = response['token_type']
  if (type !== undefined && !(typeof type === 'string' && tokenTypes.includes(type.toLowerCase()))) {
    const details = { subject: 'token_type', seen: typeof type === 'string' ? quotedName(type) : 'something' }
    throw new TokenValidationError('token_type_refused', 'the token is not an access token', { details })
  }
  const now = rules.runtime.now() / 1000
  const { issuer, subject } = rules.issuer
  checkTokenClaims(response, { ...rules, ...rules.issuer, source: 'introspection', now })
  const expiresAt = Math.floor(now + rules.cacheSeconds)
  return readVerifiedToken(response, { issuer, reading: rules.reading, subject, isTyped: false, expiresAt })
}

// Servers send null or an empty string for what they do not know. An empty cnf is kept: such a token is rejected.
function withoutEmpty(answer: Readonly<JsonObject>): Readonly<JsonObject> {
  const members = Object.entries(answer)
  return Object.fromEntries(members.filter(([name, value]) => name === 'cnf' || (value !== null && value !== '')))
}

// A response must not be cached beyond exp (RFC 7662 section 4): within the tolerance, the server has to say that the token is active still.
function currentOf(token: VerifiedToken, { runtime, clockToleranceSeconds }: OpaqueRules): VerifiedToken | undefined {
  const { exp } = token.claims
  const now = runtime.now() / 1000
  if (typeof exp !== 'number' || exp > now) return token
  if (exp + clockToleranceSeconds > now) return undefined
  const details = { subject: 'exp', ...dateDetails(exp, { now, clockToleranceSeconds }) }
  throw new TokenValidationError('token_expired', "the token's exp is in the past", { details })
}
