import { type JsonObject, freezeJson, isJsonObject, parseJsonObject } from '../base/json.js'
import type { SealPayload } from '../seal/seal.js'
import { type TargetToken, fromTuples, toTuples } from './target-tokens.js'
import { ConfigurationError } from '../errors.js'

/** The tokens of a session beside the ID Token. */
export interface SessionTokens {
  /** Empty where a cookie had no room for it: the refresh token, which is there then, brings another. */
  readonly accessToken: string
  /** Lower-cased, `bearer` or `dpop`. */
  readonly tokenType: string
  /** Seconds since the epoch; absent when the provider did not say. */
  readonly expiresAt?: number
  /** Seconds since the epoch; absent in sessions from before this was kept. */
  readonly obtainedAt?: number
  readonly refreshToken?: string
  /** Granted scopes, separated by spaces. */
  readonly scope: string
  /** How often a refresh token was spent in this session; absent before the first time. */
  readonly generation?: number
  /** Tokens for other targets, the one obtained first before the others; absent where there are none. */
  readonly further?: readonly TargetToken[]
}

/** One login session. Times are seconds since the epoch. */
export interface SessionRecord {
  /** 256 random bits, new at each login. */
  readonly id: string
  /** When the person signed in here, to the millisecond: before the code was exchanged, so that a logout meanwhile counts. */
  readonly createdAt: number
  /** When it was last sealed. */
  readonly touchedAt: number
  /** As issued; without header and signature where a cookie had no room for them (see `issuedIdToken()`). */
  readonly idToken: string
  readonly tokens: SessionTokens
  /** What the application keeps in the session. */
  readonly data: Readonly<JsonObject>
}

const version = 1
const noData = Object.freeze({})

/** The record as it is sealed. */
export function toPayload(record: SessionRecord, endsAt: number): SealPayload {
  const { tokens } = record
  return {
    v: version,
    exp: endsAt,
    id: record.id,
    iat: record.createdAt,
    upd: record.touchedAt,
    idt: record.idToken,
    act: tokens.accessToken,
    typ: tokens.tokenType,
    scp: tokens.scope,
    ...(tokens.expiresAt === undefined ? {} : { ate: tokens.expiresAt }),
    ...(tokens.obtainedAt === undefined ? {} : { ato: tokens.obtainedAt }),
    ...(tokens.refreshToken === undefined ? {} : { rft: tokens.refreshToken }),
    ...(tokens.generation === undefined ? {} : { gen: tokens.generation }),
    ...(tokens.further === undefined ? {} : { fur: toTuples(tokens.further) }),
    ...(Object.keys(record.data).length === 0 ? {} : { dat: record.data }),
  }
}

/** Reads a sealed record; a shape of another version is `undefined`, never an error. */
export function fromPayload(payload: SealPayload): SessionRecord | undefined {
  const { v, id, iat, upd, idt, dat = noData } = payload
  const tokens = tokensFrom(payload)
  if (v !== version || tokens === undefined || typeof id !== 'string' || typeof idt !== 'string') return undefined
  if (typeof iat !== 'number' || typeof upd !== 'number' || !isJsonObject(dat)) return undefined
  return { id, createdAt: iat, touchedAt: upd, idToken: idt, tokens, data: freezeJson(dat) }
}

// Filled step by step: it is read at each request, and spreading what may be absent takes several times as long.
function tokensFrom({ act, typ, scp, ate, ato, rft, gen, fur }: SealPayload): SessionTokens | undefined {
  if (typeof act !== 'string' || typeof typ !== 'string' || typeof scp !== 'string') return undefined
  const tokens: Writable<SessionTokens> = { accessToken: act, tokenType: typ, scope: scp }
  if (typeof ate === 'number') tokens.expiresAt = ate
  if (typeof ato === 'number') tokens.obtainedAt = ato
  if (typeof rft === 'string') tokens.refreshToken = rft
  if (typeof gen === 'number') tokens.generation = gen
  const further = fromTuples(fur)
  if (further.length > 0) tokens.further = further
  return tokens
}

type Writable<T> = { -readonly [Member in keyof T]: T[Member] }

/**
 * What an application may keep in the session: a JSON object, copied as it will be read back, and frozen. Members that are
 * `undefined` are left out; whatever else JSON would change on its way is refused.
 *
 * @throws {ConfigurationError} `invalid_options` for what JSON cannot carry, and for names that reach prototypes.
 */
export function sessionData(call: string, value: unknown): JsonObject {
  const text = jsonOf(value)
  const copy = text === undefined ? undefined : parseJsonObject(text)
  const stranger = text === undefined ? undefined : strangerIn(value)
  if (copy !== undefined && stranger === undefined) return freezeJson(copy)
  const what = 'a plain object of JSON values, without members named __proto__'
  const found = stranger === undefined ? '' : `; this one holds ${stranger}, which would come back as something else`
  throw new ConfigurationError('invalid_options', `${call} takes ${what}${found}`)
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

// By its kind alone: names of members may tell of a person. JSON.stringify has found no circle.
function strangerIn(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number that JSON does not have'
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value !== 'object') return `a value of type ${typeof value}`
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value).filter(isDefined)
  if (!Array.isArray(value) && !isPlain(value)) return `an object of class ${classOf(value)}`
  for (const member of members) {
    const stranger = strangerIn(member)
    if (stranger !== undefined) return stranger
  }
  return undefined
}

function isDefined(value: unknown): boolean {
  return value !== undefined
}

// Also those of another realm, such as of a test runner's.
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function classOf(value: object): string {
  const { constructor } = value
  return typeof constructor === 'function' ? constructor.name : 'its own'
}
