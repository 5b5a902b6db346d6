import { isAbsent, type JsonObject, isJsonObject, omitUndefined, parseJsonObject } from '../../base/json.js'

/** A session of another package, authentic but not validated. Times are seconds since the epoch. */
export interface OldSession {
  readonly idToken: string
  /** `iss` of the ID Token, which nobody has validated here. */
  readonly issuer: string
  /** Its `sub`. */
  readonly subject: string
  readonly accessToken?: string
  readonly refreshToken?: string
  readonly tokenType: string
  /** When the access token expires. */
  readonly expiresAt?: number
  /** When it began: the same for all copies of its cookie. */
  readonly createdAt: number
  /** When it was last used. */
  readonly touchedAt: number
  /** When it ends by the rules of the old application. */
  readonly endsAt: number
  /** What the old application has added to it. */
  readonly data: Readonly<JsonObject>
}

/**
 * Reads a session of express-openid-connect: its times are in a header, and its tokens have the names of the token response.
 *
 * @returns `undefined` if it is not such a session, nobody is signed in, or the provider sets its end
 */
export function oldSessionIn(header: unknown, content: unknown): OldSession | undefined {
  if (!isJsonObject(header) || !isJsonObject(content)) return undefined
  const { iat: createdAt, uat: touchedAt, exp: endsAt } = header
  const { id_token: idToken, access_token, refresh_token, token_type, expires_at, sid: _, ...others } = content
  const { sessionExpiresAt, ...data } = others
  if (!isTime(createdAt) || !isTime(touchedAt) || !isTime(endsAt) || typeof idToken !== 'string') return undefined
  // An end that the provider sets (the claim session_expiry): a session here would go on after it.
  if (!isAbsent(sessionExpiresAt)) return undefined
  const person = personOf(idToken)
  if (person === undefined) return undefined
  return {
    idToken,
    ...person,
    createdAt,
    touchedAt,
    endsAt,
    tokenType: typeof token_type === 'string' ? token_type.toLowerCase() : 'bearer',
    data,
    ...omitUndefined({
      accessToken: textOf(access_token),
      refreshToken: textOf(refresh_token),
      expiresAt: isTime(expires_at) ? expires_at : undefined,
    }),
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function personOf(idToken: string): Pick<OldSession, 'issuer' | 'subject'> | undefined {
  const payload = Buffer.from(idToken.split('.')[1] ?? '', 'base64url')
  const claims = parseJsonObject(payload.toString())
  const [issuer, subject] = [textOf(claims?.['iss']), textOf(claims?.['sub'])]
  return issuer === undefined || subject === undefined ? undefined : { issuer, subject }
}
