import { freezeJson, isJsonObject, type JsonObject } from '../base/json.js'
import type { SealPayload } from '../seal/seal.js'
import { fromTuples, type TargetToken, toTuples } from './target-tokens.js'

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
