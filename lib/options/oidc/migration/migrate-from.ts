import * as v from 'valibot'
import { ConfigurationError } from '../../../errors.js'
import { flag, text } from '../../common/fields.js'
import { byDefault, section } from '../../common/parse.js'
import { hasMethods, isSharedStore } from '../../common/stores.js'

/** Where express-openid-connect keeps sessions, if it does not keep them in the cookie: anything with its `get()`. */
export interface OldSessionStore {
  /** Reads a session, and calls back or returns a promise. */
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown
}

/**
 * Sessions of another package that are taken over. Nobody has to sign in again on the day of the change.
 *
 * @example
 * ```ts
 * import type { MigrateFromOptions } from 'express-oidc'
 *
 * const migrateFrom: MigrateFromOptions = {
 *   package: 'express-openid-connect',
 *   secret: 'the secret of the old application',
 *   until: '2026-12-24',
 * }
 * app.use(oidc({ ...options, sharedStore, session: { migrateFrom } }))
 * ```
 */
export interface MigrateFromOptions {
  /** The package whose sessions are taken over. */
  package: 'express-openid-connect'
  /** Its `secret`: one, or all that are in use. */
  secret: string | Uint8Array | readonly (string | Uint8Array)[]
  /**
   * When taking over ends: a `Date`, or ISO 8601 text such as `2026-12-24` (UTC) or `2026-12-24T06:00:00+01:00`. At most 30 days
   * after the start of the application. Afterwards this option does nothing, and can be removed.
   */
  until: Date | string
  /** Its `session.store`, if it has one: the cookie then holds the ID of a session. @default none: the cookie holds the session */
  store?: OldSessionStore | undefined
  /** Its `session.signSessionStoreCookie`: the cookie with the ID has a signature, which must be valid. @default false */
  signSessionStoreCookie?: boolean | undefined
  /** Name and place of its cookie. @default see {@link OldCookieOptions} */
  cookie?: OldCookieOptions | undefined
}

/** Name and place of the cookie of the old sessions: browsers remove a cookie only where it was set. */
export interface OldCookieOptions {
  /** Its `session.name`. @default 'appSession' */
  name?: string | undefined
  /** Its `session.cookie.domain`. @default none */
  domain?: string | undefined
  /** Its `session.cookie.path`. @default '/' */
  path?: string | undefined
}

/** The longest time, in milliseconds, for which sessions are taken over. */
const maxMigrationMilliseconds = 30 * 86_400_000

const whatSecret = 'the secret of the old application, or a list of its secrets'
const whatUntil = 'a Date, or text such as "2026-12-24" or "2026-12-24T06:00:00Z": when no more sessions are taken over'
const isoDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/

// The old package takes secrets from 8 bytes on.
function isOldSecret(value: unknown): value is string | Uint8Array {
  return (typeof value === 'string' || value instanceof Uint8Array) && value.length >= 8
}

function momentOf(value: unknown): number {
  if (value instanceof Date) return value.getTime()
  return typeof value === 'string' && isoDate.test(value) ? Date.parse(value) : NaN
}

const oldSecret = v.custom<string | Uint8Array>(isOldSecret, `must be ${whatSecret}: 8 characters or bytes at least`)

const oldSecrets = v.pipe(
  v.union([oldSecret, v.array(oldSecret)], `must be ${whatSecret}: 8 characters or bytes at least`),
  v.transform((value) => (Array.isArray(value) ? value : [value])),
  v.check((list) => list.length > 0, 'must hold at least one secret'),
  v.description(whatSecret),
)

const until = v.pipe(
  v.custom<Date | string>((value) => Number.isFinite(momentOf(value)), `must be ${whatUntil}`),
  v.transform((value): number => momentOf(value)),
  v.description(whatUntil),
)

/** The checks of the option `session.migrateFrom`. */
export const migrateFrom = v.optional(
  section({
    package: v.pipe(
      v.literal('express-openid-connect', 'must be "express-openid-connect", the only one whose sessions are known'),
      v.description('"express-openid-connect"'),
    ),
    secret: oldSecrets,
    until,
    store: v.optional(
      v.custom<OldSessionStore>(
        (value) => hasMethods(value, ['get']),
        'must be the session store of the old application, with get()',
      ),
    ),
    signSessionStoreCookie: v.optional(flag, false),
    cookie: byDefault({
      name: v.optional(
        v.pipe(text('a cookie name'), v.regex(/^[\w.-]{1,100}$/, 'must be letters, digits, ".", "_" or "-"')),
        'appSession',
      ),
      domain: v.optional(v.pipe(text('a domain'), v.regex(/^\.?[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be a domain'))),
      path: v.optional(v.pipe(text('a path'), v.regex(/^\/[^\s;,]*$/, 'must be a path that starts with "/"')), '/'),
    }),
  }),
)

/** The checked option. `until` is in milliseconds since the epoch. */
export type MigrateFromConfiguration = NonNullable<v.InferOutput<typeof migrateFrom>>

/** Why these options do not allow sessions to be taken over; `undefined` if they do. */
export function migrationFlaw({ session, sharedStore }: MigrationSurroundings): string | undefined {
  if (session.migrateFrom === undefined) return undefined
  if (session.use !== undefined) {
    return 'must not have both "session.migrateFrom" and "session.use": the session of another middleware is not ours to begin'
  }
  if (sharedStore !== undefined || isSharedStore(session.store)) return undefined
  return 'must have "sharedStore" with "session.migrateFrom", such as redisStore(client) of express-oidc/redis: it remembers which sessions were taken over, or an old cookie would sign in again after a logout'
}

interface MigrationSurroundings {
  readonly session: { readonly migrateFrom?: unknown; readonly use?: unknown; readonly store?: unknown }
  readonly sharedStore?: unknown
}

/**
 * Checks the end of taking over against the clock, at the start.
 *
 * @returns whether it has not come yet
 * @throws {ConfigurationError} `invalid_options` if it is too far ahead
 */
export function isUnderWay({ until: end }: Pick<MigrateFromConfiguration, 'until'>, now: number): boolean {
  if (end - now > maxMigrationMilliseconds) {
    const [latest, given] = [now + maxMigrationMilliseconds, end].map((date) => new Date(date).toISOString())
    const message = `"session.migrateFrom.until" must be at most 30 days ahead, so by ${latest}: an old cookie must not be a second key for good (given: ${given})`
    throw new ConfigurationError('invalid_options', `oidc(): invalid options\n  - ${message}`)
  }
  if (now < end) return true
  process.emitWarning(
    `"session.migrateFrom" of oidc() has done nothing since ${new Date(end).toISOString()}: remove it, and the old secret with it`,
    { type: 'ExpressOidcWarning', code: 'EXPRESS_OIDC_MIGRATION_OVER' },
  )
  return false
}
