import { type AuthorizationDetail, authorizationDetailsIn } from '../options/authorization-details/detail.js'
import { type JsonObject, freezeJson, isJsonObject, omitUndefined } from '../base/json.js'
import type { SealPayload } from '../seal/seal.js'
import { type StoredToken, type AdditionalToken, fromTuples, toTuples } from './additional-tokens.js'
import { DecodedClaims } from './claims.js'
import { fromDeviceTuple, type SessionDevice, toDeviceTuple } from './device-bound/device.js'

/** A session's tokens, except the ID Token. */
export interface SessionTokens extends StoredToken {
  readonly refreshToken?: string
  /** Granted scopes, separated by spaces. */
  readonly scope: string
  /** Granted authorization details; absent where the provider did not say. */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** How many refreshes there have been in this session; absent before the first. */
  readonly generation?: number
  /** Tokens for other targets, the oldest first; absent if there are none. */
  readonly additionalTokens?: readonly AdditionalToken[]
}

/** Which of several providers a session is of. */
export interface SessionProvider {
  /** Its name in the options. */
  readonly name: string
  /** A hash of name, issuer and client ID: under the same name there may be another provider, or client, later. */
  readonly key: string
}

/** One login session. Times are seconds since the epoch. */
export interface SessionRecord {
  /** 256 random bits, new at each login. */
  readonly id: string
  /**
   * When the person signed in, with millisecond precision. Taken before the code exchange, so that a logout during the
   * exchange ends the session.
   */
  readonly createdAt: number
  /** When it was last used, by the precision of the idle limit. */
  readonly touchedAt: number
  /** As issued, or without header and signature if the cookie had no room for them (see `issuedIdToken()`). */
  readonly idToken: string
  readonly tokens: SessionTokens
  /** Absent if the application has one provider. */
  readonly provider?: SessionProvider
  /** Claims that the UserInfo endpoint added to those of the ID Token (see `addedClaims()`). */
  readonly userinfo?: Readonly<JsonObject>
  /** When these claims were fetched; absent without them, and in sessions of earlier versions. */
  readonly userinfoAt?: number
  /** The application's own data. */
  readonly data: Readonly<JsonObject>
  /** Whether its cookie outlives the browser; absent if that is as the options say. */
  readonly remember?: boolean
  /** Origin of the base URL where it began; absent for the first one, which is nearly always the only one. */
  readonly origin?: string
  /** Its slot in the list of the person's sessions; absent without a shared store. */
  readonly slot?: number
  /** The device that it is, or may be, bound to; absent with browsers that hold no key for it. */
  readonly device?: SessionDevice
}

/** A base URL at which a session may begin. */
export interface SessionPlace {
  readonly origin: string
  /** Whether it is the first one in the options: sessions from a time when it was the only one began there. */
  readonly isFirst: boolean
}

/** Whether a session began at a base URL, if it belongs to one. */
export function beganAt({ origin }: SessionRecord, place: SessionPlace | undefined): boolean {
  return place === undefined || (origin === undefined ? place.isFirst : origin === place.origin)
}

const version = 1
const noData = Object.freeze({})

/** The record as a payload with short names, since cookies have little room. */
export function toPayload(record: SessionRecord, endsAt: number): SealPayload {
  const { tokens } = record
  return {
    v: version,
    exp: endsAt,
    id: record.id,
    iat: record.createdAt,
    upd: record.touchedAt,
    idt: record.idToken,
    ...(tokens.accessToken === undefined ? {} : { act: tokens.accessToken }),
    typ: tokens.tokenType,
    scp: tokens.scope,
    ...detailsOf(tokens),
    ...(tokens.expiresAt === undefined ? {} : { ate: tokens.expiresAt }),
    ...(tokens.obtainedAt === undefined ? {} : { ato: tokens.obtainedAt }),
    ...(tokens.refreshToken === undefined ? {} : { rft: tokens.refreshToken }),
    ...(tokens.generation === undefined ? {} : { gen: tokens.generation }),
    ...(tokens.additionalTokens === undefined ? {} : { fur: toTuples(tokens.additionalTokens) }),
    ...(record.provider === undefined ? {} : { prv: [record.provider.name, record.provider.key] }),
    ...(record.userinfo === undefined ? {} : { uic: record.userinfo }),
    ...(Object.keys(record.data).length === 0 ? {} : { dat: record.data }),
    ...omitUndefined({
      uia: record.userinfoAt,
      org: record.origin,
      rem: record.remember,
      slt: record.slot,
      dev: toDeviceTuple(record.device),
    }),
  }
}

function detailsOf({ authorizationDetails: rar }: SessionTokens): { readonly rar?: unknown } {
  return rar === undefined ? {} : { rar }
}

/** Reads the record from a payload; `undefined`, and not an error, if another version wrote it. */
export function fromPayload(payload: SealPayload): SessionRecord | undefined {
  const { v, id, iat, upd, idt, slt, dat = noData } = payload
  const tokens = tokensFrom(payload)
  const rare = rareFrom(payload)
  if (v !== version || tokens === undefined || typeof id !== 'string' || typeof idt !== 'string') return undefined
  if (typeof iat !== 'number' || typeof upd !== 'number' || !isJsonObject(dat) || rare === undefined) return undefined
  const record: Writable<SessionRecord> = Object.assign(new DecodedClaims(), {
    id,
    createdAt: iat,
    touchedAt: upd,
    idToken: idt,
    tokens,
    data: freezeJson(dat),
  })
  if (typeof slt === 'number') record.slot = slt
  return rare === nothingRare ? record : Object.assign(record, rare)
}

type Rare = Pick<SessionRecord, 'provider' | 'userinfo' | 'userinfoAt' | 'origin' | 'remember' | 'device'>
const nothingRare: Rare = {}

/** The members that most sessions do not have; `undefined` if another version wrote them. */
function rareFrom(payload: SealPayload): Rare | undefined {
  if (hasNothingRare(payload)) return nothingRare
  const { prv, uic, uia, org, rem, dev } = payload
  const [provider, device] = [sessionProviderIn(prv), fromDeviceTuple(dev)]
  if ((prv !== undefined && provider === undefined) || (dev !== undefined && device === undefined)) return undefined
  if (!isAbsentOr(uic, isJsonObject) || !isAbsentOr(org, isText) || !isAbsentOr(rem, isFlag)) return undefined
  const userinfo = uic === undefined ? undefined : freezeJson(uic)
  const userinfoAt = typeof uia === 'number' ? uia : undefined
  return omitUndefined({ provider, userinfo, userinfoAt, origin: org, remember: rem, device })
}

function hasNothingRare({ prv, uic, org, rem, dev }: SealPayload): boolean {
  return prv === undefined && uic === undefined && org === undefined && rem === undefined && dev === undefined
}

function isAbsentOr<T>(value: unknown, is: (given: unknown) => given is T): value is T | undefined {
  return value === undefined || is(value)
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'

/** Reads which provider a payload is of; `undefined` if another version wrote it. */
export function sessionProviderIn(value: unknown): SessionProvider | undefined {
  if (!Array.isArray(value)) return undefined
  const members: readonly unknown[] = value
  const [name, key] = members
  return typeof name === 'string' && typeof key === 'string' ? { name, key } : undefined
}

// A hot path: it runs for each request, and conditional spreads would take several times as long.
function tokensFrom({ act, typ, scp, ate, ato, rft, gen, fur, rar }: SealPayload): SessionTokens | undefined {
  if (typeof typ !== 'string' || typeof scp !== 'string') return undefined
  const tokens: Writable<SessionTokens> = { tokenType: typ, scope: scp }
  if (typeof act === 'string') tokens.accessToken = act
  else if (act !== undefined) return undefined
  if (typeof ate === 'number') tokens.expiresAt = ate
  if (typeof ato === 'number') tokens.obtainedAt = ato
  if (typeof rft === 'string') tokens.refreshToken = rft
  if (typeof gen === 'number') tokens.generation = gen
  const additionalTokens = fromTuples(fur)
  if (additionalTokens.length > 0) tokens.additionalTokens = additionalTokens
  return rar === undefined ? tokens : withDetails(tokens, rar)
}

function withDetails(tokens: SessionTokens, rar: unknown): SessionTokens | undefined {
  const authorizationDetails = authorizationDetailsIn(rar)
  return authorizationDetails === undefined ? undefined : { ...tokens, authorizationDetails }
}

type Writable<T> = { -readonly [Member in keyof T]: T[Member] }
