import * as v from 'valibot'
import { text } from '../common/fields.js'
import { section } from '../common/parse.js'

/** Whom an API key belongs to. */
export interface ApiKeyOwner {
  /** Identifies the owner, unique at `issuer`. */
  readonly subject: string
  /** Who vouches for the subject: records are keyed by both. @default 'api-key' */
  readonly issuer?: string | undefined
  /** For `scope()`. @default none */
  readonly scopes?: readonly string[] | undefined
  /** For `claim()`, `role()` and the like. @default none */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** The client that uses the key. @default none */
  readonly clientId?: string | undefined
  /** For `person()` and `machine()`, which both refuse where this is not said. */
  readonly isMachine?: boolean | undefined
  /** Seconds since the epoch. @default never */
  readonly expiresAt?: number | undefined
}

/** API keys beside access tokens, under the same guards. */
export interface ApiKeyOptions<Request = unknown> {
  /** The header that holds the key alone, such as `x-api-key`. It cannot be `Authorization` or `Cookie`. */
  header: string
  /**
   * Finds out whom a key belongs to, at each request: nothing is cached. `undefined` is no key of yours: 401 `invalid_api_key`.
   * A rejection is an outage: 503. Look keys up by a hash (SHA-256), so that whoever reads your database has no keys.
   */
  verify(key: string, req: Request): ApiKeyOwner | undefined | Promise<ApiKeyOwner | undefined>
}

// Headers that carry other credentials, or that browsers send by themselves.
const takenHeaders = ['authorization', 'proxy-authorization', 'cookie', 'dpop', 'host', 'origin', 'referer']

/** The options of API keys. */
export const apiKey = section({
  header: v.pipe(
    text('the name of a header'),
    v.regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header'),
    v.toLowerCase(),
    v.check(
      (name) => !takenHeaders.includes(name),
      `must be a header of its own, such as "x-api-key", not ${takenHeaders.join(', ')}`,
    ),
  ),
  verify: v.pipe(v.function('must be a function'), v.description('a function (key, req) => principal')),
})
