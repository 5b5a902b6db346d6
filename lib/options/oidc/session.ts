import * as v from 'valibot'
import { callback, flag, seconds, text, wholeNumber } from '../common/fields.js'
import { type SessionStore, type SharedStore, sessionStore } from '../common/stores.js'
import { byDefault, section } from '../common/parse.js'
import type { FrameworkRequest } from '../framework.js'
import { type MigrateFromOptions, migrateFrom } from './migration/migrate-from.js'

/**
 * How long a session lives, and where it is kept.
 *
 * @example
 * ```ts
 * app.use(oidc({ ...options, session: { idleSeconds: 3600, absoluteSeconds: 28_800, cookie: { sameSite: 'Strict' } } }))
 * ```
 */
export interface SessionOptions<Request = FrameworkRequest> {
  /** Seconds without a request after which the session ends, up to `absoluteSeconds`. @default 86400 (24 hours), or `absoluteSeconds` if that is less */
  idleSeconds?: number | undefined
  /** Seconds after the login after which the session ends in any case. @default 604800 (7 days) */
  absoluteSeconds?: number | undefined
  /** Least seconds between two renewals of the cookie: the precision of the idle limit. @default a tenth of `idleSeconds` */
  rollingStepSeconds?: number | undefined
  /**
   * Seconds after which a request renews the session at the provider, whether or not it needs a token. Claims become current, and a
   * person who was disabled there is signed out. It needs a refresh token. The session goes on while the provider is unavailable.
   *
   * @default none: sessions are renewed when an access token is needed
   */
  revalidateSeconds?: number | undefined
  /**
   * Keeps sessions on the server, in any store of express-session (such as connect-redis) or in a shared store such as
   * `redisStore(client)` of express-oidc/redis. That also coordinates processes. The cookie then holds an encrypted ID.
   *
   * @default none: the cookie holds the session, encrypted
   */
  store?: SessionStore | SharedStore | undefined
  /**
   * `'request'` keeps the login in the application's own `req.session`, of an express-session or cookie-session that is mounted
   * before it. Processes that share the store of express-session also share refreshed tokens there.
   *
   * @default none
   */
  use?: 'request' | undefined
  /**
   * Deadline of each call of `store`, of `sharedStore` and of the store behind `use: 'request'`, in seconds. After that, requests get
   * 503. A store of `redisStore()` has `timeoutSeconds` of its own options instead. @default 2
   */
  storeTimeoutSeconds?: number | undefined
  /**
   * Whether a request counts as use of the session and restarts `idleSeconds`. Return `false` for requests that a page makes by
   * itself, at intervals. The function must be synchronous. Requests with the header `X-Poll: 1` never count. @default all other
   * requests count
   */
  countsAsUse?: ((req: Request) => boolean) | undefined
  /** Greatest total size of the session's cookies in bytes, with their names: 1024 to 12288. @default 7168 */
  maxCookieBytes?: number | undefined
  /** Name and attributes of the session's cookie. @default see {@link CookieOptions} */
  cookie?: CookieOptions | undefined
  /**
   * Binds each session to a key in the hardware of the device, in browsers that support it (Device Bound Session Credentials).
   * Copied cookies are worthless after `cookieSeconds`. Sessions in other browsers stay as they are.
   *
   * @experimental The draft may change, and so may this.
   * @default false
   * @see https://w3c.github.io/webappsec-dbsc/
   */
  deviceBound?: boolean | DeviceBoundOptions | undefined
  /**
   * Takes over the sessions of express-openid-connect, each once, at the first request that brings one. Nobody has to sign in again
   * on the day of the change. It needs a shared store, and ends after 30 days at most.
   *
   * @default none
   */
  migrateFrom?: MigrateFromOptions | undefined
}

/**
 * How sessions are bound to devices.
 *
 * @experimental
 */
export interface DeviceBoundOptions {
  /** Seconds after which the browser proves its key again. Copied cookies are of use for that long: 10 to 300. @default 300 */
  cookieSeconds?: number | undefined
}

/** Attributes of the session cookie. It is always `HttpOnly`, and `Secure` whenever `baseUrl` is https. */
export interface CookieOptions {
  /**
   * Name of the cookie. Over https, the prefix `__Host-` or `__Secure-` is added. Applications on one host need different
   * names, because browsers send cookies to all ports and paths of a host.
   *
   * @default `oidc_` and a hash of `baseUrl`
   * @see https://www.rfc-editor.org/rfc/rfc6265#section-8.5
   */
  name?: string | undefined
  /** Domain that shares the cookie with its subdomains, at the cost of the `__Host-` protection. @default none */
  domain?: string | undefined
  /** Whether browsers send the cookie when a link of another site leads here (`Lax`) or not (`Strict`). @default 'Lax' */
  sameSite?: 'Lax' | 'Strict' | undefined
  /** Whether browsers remove the cookie when they close, unless `onLogin` returns `remember`. @default false */
  transient?: boolean | undefined
}

function sameSiteHint(given: unknown): string {
  if (/^(?:lax|strict)$/i.test(String(given))) return ', with a capital letter'
  return given === 'None' || given === 'none' ? ': with "None", pages of every site could act as the person' : ''
}

const cookie = byDefault({
  name: v.optional(
    v.pipe(
      text('a cookie name'),
      v.regex(
        /^(?!__)[A-Za-z0-9._-]{1,40}$/,
        'must be 1 to 40 letters, digits, ".", "_" or "-"; the prefix is added automatically',
      ),
    ),
  ),
  domain: v.optional(
    v.pipe(
      text('a domain'),
      v.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be a domain such as "example.com", without a leading dot'),
    ),
  ),
  sameSite: v.optional(
    v.picklist(['Lax', 'Strict'], ({ input }) => `must be "Lax" or "Strict"${sameSiteHint(input)}`),
    'Lax',
  ),
  transient: v.optional(flag, false),
})

const deviceBoundSection = section({ cookieSeconds: v.optional(wholeNumber(10, 300), 300) })

const deviceBound = v.optional(
  v.pipe(
    v.union([v.boolean(), v.record(v.string(), v.unknown())], 'must be true, false or { cookieSeconds }'),
    v.transform((value): unknown => (value === true ? {} : value === false ? undefined : value)),
    v.optional(deviceBoundSection),
  ),
)

const usualIdleSeconds = 86_400

/** The checks of the option `session`. */
export const session = v.pipe(
  byDefault({
    idleSeconds: v.optional(seconds(60, 31_536_000)),
    absoluteSeconds: v.optional(seconds(60, 31_536_000), 604_800),
    rollingStepSeconds: v.optional(seconds(0, 86_400)),
    revalidateSeconds: v.optional(seconds(10, 86_400)),
    maxCookieBytes: v.optional(
      v.pipe(
        v.number('must be a whole number of bytes'),
        v.check(
          (n) => Number.isInteger(n) && n >= 1024 && n <= 12_288,
          'must be a whole number of bytes from 1024 to 12288: Node refuses request heads over 16 KiB',
        ),
      ),
      7168,
    ),
    store: sessionStore,
    use: v.optional(v.picklist(['request'], 'must be "request", which keeps the login in req.session')),
    countsAsUse: v.optional(callback),
    storeTimeoutSeconds: v.optional(seconds(0.1, 60), 2),
    cookie,
    deviceBound,
    migrateFrom,
  }),
  v.check(
    ({ deviceBound: own, use }) => own === undefined || use === undefined,
    'must not have both "deviceBound" and "use": the session of another middleware cannot be bound to a device',
  ),
  v.check(
    ({ deviceBound: own, cookie: { domain } }) => own === undefined || domain === undefined,
    'must not have both "deviceBound" and "cookie.domain": browsers keep a key for one origin',
  ),
  v.check(
    ({ store, use }) => store === undefined || use === undefined,
    'must not have both "store" and "use": the session middleware has its own store',
  ),
  v.transform((own) => ({ ...own, idleSeconds: own.idleSeconds ?? Math.min(usualIdleSeconds, own.absoluteSeconds) })),
  v.transform((own) => ({ ...own, rollingStepSeconds: own.rollingStepSeconds ?? own.idleSeconds / 10 })),
)
