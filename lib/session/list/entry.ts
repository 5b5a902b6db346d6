import { omitUndefined } from '../../base/json.js'
import type { SealPayload } from '../../seal/seal.js'
import type { ListedNames } from '../revocation/shared-revocations.js'
import type { SessionRecord } from '../record.js'

/** A person: `sub` is unique at its issuer only (OpenID Connect Core section 5.7). */
export interface Person {
  readonly subject: string
  /** `iss` of the ID Token; for each of its aliases the issuer as configured. */
  readonly issuer: string
  /** Key of the provider, if the application has several. */
  readonly provider?: string | undefined
  /** Whether the issuer is that of a tenant, one of several at the provider. */
  readonly isOfTenant?: boolean
}

/** What the list of a person knows of one session. It holds neither the ID of the session nor a token. */
export interface ListEntry extends Pick<SessionRecord, 'createdAt' | 'touchedAt'> {
  /** The hash under which the end of the session is stored. */
  readonly hash: string
  /** `sid`, by which the provider may end it. */
  readonly sid?: string
  /** What the browser called itself when it last renewed the session. */
  readonly userAgent?: string
}

const version = 1
const maxUserAgent = 256

/** The entry as a payload. */
export function toPayload({ hash, createdAt, touchedAt, sid, userAgent }: ListEntry, endsAt: number): SealPayload {
  return { v: version, exp: endsAt, id: hash, iat: createdAt, upd: touchedAt, ...omitUndefined({ sid, ua: userAgent }) }
}

/** Reads the entry from a payload; `undefined` if another version wrote it. */
export function fromPayload({ v, id, iat, upd, sid, ua }: SealPayload): ListEntry | undefined {
  if (v !== version || typeof id !== 'string' || typeof iat !== 'number' || typeof upd !== 'number') return undefined
  return {
    hash: id,
    createdAt: iat,
    touchedAt: upd,
    ...(typeof sid === 'string' ? { sid } : {}),
    ...(typeof ua === 'string' ? { userAgent: ua } : {}),
  }
}

/** The names by which a logout can refer to a listed session. */
export function namesIn({ hash, sid }: ListEntry, { subject, provider, issuer, isOfTenant }: Person): ListedNames {
  return { hash, subject, ...omitUndefined({ sid, provider, issuer: isOfTenant === true ? issuer : undefined }) }
}

/** A `User-Agent` as lists keep it: bounded, and without letters that look like others. Anybody can write anything there. */
export function boundedUserAgent(header: string | undefined): string | undefined {
  return header === undefined || header === '' ? undefined : header.slice(0, maxUserAgent).replace(/[^\x20-\x7e]/g, '?')
}
