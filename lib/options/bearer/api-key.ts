import * as v from 'valibot'
import { callback, headerName } from '../common/fields.js'
import { section } from '../common/parse.js'
import type { FrameworkRequest } from '../framework.js'

/**
 * The owner of an API key, as `verify` returns it. It becomes `req.auth`, with the scheme `api-key`.
 */
export interface ApiKeyOwner {
  /** Identifies the owner, unique at `issuer`. */
  readonly subject: string
  /** Where the subject is unique: use `issuer` and `subject` together as the key of an owner. @default 'api-key' */
  readonly issuer?: string | undefined
  /** Scopes of the key, for `scope()`. @default none */
  readonly scopes?: readonly string[] | undefined
  /** Claims of the owner, for `claim()`, `role()` and `permission()`. @default none */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  /** The client that uses the key. @default none */
  readonly clientId?: string | undefined
  /** Whether the owner is a machine rather than a person. `person()` and `machine()` both refuse the key if it is not set. @default unknown */
  readonly isMachine?: boolean | undefined
  /** When the key expires, in seconds since the epoch: from then on it is refused. @default never */
  readonly expiresAt?: number | undefined
}

/**
 * API keys in addition to access tokens, under the same guards.
 *
 * @example
 * ```ts
 * import { createHash } from 'node:crypto'
 *
 * const owners = new Map<string, { subject: string; scopes: string[] }>()
 * const verify = (key: string) => owners.get(createHash('sha256').update(key).digest('hex'))
 * app.use(bearer({ issuer, audience: 'https://api.example.com', apiKey: { header: 'x-api-key', verify } }))
 * ```
 */
export interface ApiKeyOptions<Request = FrameworkRequest> {
  /** The header that holds the key alone, such as `x-api-key`. It cannot be `Authorization` or `Cookie`. */
  header: string
  /**
   * Returns the owner of a key, or `undefined` for an unknown key: 401 `invalid_api_key`. It is called for every request, and
   * nothing is cached. An error counts as an outage, and so does an answer later than `httpTimeoutSeconds`: 503. Store SHA-256 hashes
   * of keys only, and look keys up by them: a copy of your database then holds no usable keys.
   */
  verify(key: string, req: Request): ApiKeyOwner | undefined | Promise<ApiKeyOwner | undefined>
}

// Headers that carry other credentials, or that browsers send by themselves.
const takenHeaders = ['authorization', 'proxy-authorization', 'cookie', 'dpop', 'host', 'origin', 'referer']

/** The options of API keys. */
export const apiKey = section({
  header: v.pipe(
    headerName,
    v.check(
      (name) => !takenHeaders.includes(name),
      `must be a header of its own, such as "x-api-key", not ${takenHeaders.join(', ')}`,
    ),
  ),
  verify: v.pipe(callback, v.description('a function (key, req) => owner')),
})
