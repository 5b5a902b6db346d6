import type { TraceRemark } from '../../base/tracing/event.js'
import { SessionError } from '../../errors.js'
import type { SealPayload } from '../../seal/seal.js'
import { withoutProof } from '../claims.js'
import { withAdditionalTokens } from '../merge.js'
import { type SessionRecord, toPayload } from '../record.js'
import { pack } from './packed-payload.js'

/** One way to write a session. */
export interface SessionForm {
  readonly record: SessionRecord
  /** `bytes`: base64url in tokens is decoded to bytes. `compressed`: claims and data are compressed as well. */
  readonly packing: 'none' | 'bytes' | 'compressed'
  /** What is omitted. */
  readonly remarks: readonly TraceRemark[]
}

/** Where a session is to fit. */
export interface Room<Sealed> {
  readonly maxBytes: number
  seal(payload: SealPayload, attachment?: Buffer): Sealed
  bytesOf(sealed: Sealed): number
  /** The message for a session that does not fit in any form. */
  refusal(bytes: number, shares: string): string
}

/** A session in the first form that fits. */
export interface Fitted<Sealed> {
  readonly sealed: Sealed
  /** What was done to it. */
  readonly remarks: readonly TraceRemark[]
  /** Whether the access token is to be kept elsewhere. */
  readonly isTokenLeftOut: boolean
}

/**
 * Seals a session in the first form that fits.
 *
 * @param endsAt - its expiry date, in seconds since the epoch
 * @throws {SessionError} `session_too_large`
 */
export function sealToFit<Sealed>(record: SessionRecord, endsAt: number, room: Room<Sealed>): Fitted<Sealed> {
  let bytes = 0
  for (const form of formsOf(record)) {
    const { payload, attachment, remarks } = packed(form, endsAt)
    const sealed = room.seal(payload, attachment)
    bytes = room.bytesOf(sealed)
    if (bytes <= room.maxBytes) return { sealed, remarks, isTokenLeftOut: form.record.tokens.accessToken === '' }
  }
  throw new SessionError('session_too_large', room.refusal(bytes, sharesOf(record)))
}

interface PackedForm {
  readonly payload: SealPayload
  readonly attachment?: Buffer
  readonly remarks: readonly TraceRemark[]
}

function packed({ record, packing, remarks }: SessionForm, endsAt: number): PackedForm {
  const payload = toPayload(record, endsAt)
  if (packing === 'none') return { payload, remarks }
  const { isCompressed, ...parts } = pack(payload, packing === 'compressed')
  return { ...parts, remarks: isCompressed ? [...remarks, 'compressed'] : remarks }
}

/** What the parts of a session take, for messages. */
function sharesOf({ idToken, tokens, userinfo, data }: SessionRecord): string {
  return [
    `ID Token ${idToken.length}`,
    `access token ${tokens.accessToken?.length ?? 0}`,
    `refresh token ${tokens.refreshToken?.length ?? 0}`,
    ...(userinfo === undefined ? [] : [`userinfo ${JSON.stringify(userinfo).length}`]),
    `data ${JSON.stringify(data).length}`,
  ].join(', ')
}

/**
 * Yields the forms in which a session can be written, from the cheapest to the shortest. The first is the plain record.
 * Next, tokens are written as bytes. Then additional tokens are omitted, since they can be requested again. Then claims
 * and data are compressed. Then the ID Token loses header and signature, which only a logout at the provider needs.
 * Last, the access token is omitted, if there is a refresh token to get another.
 */
export function* formsOf(record: SessionRecord): Generator<SessionForm> {
  yield { record, packing: 'none', remarks: [] }
  const { additionalTokens = [] } = record.tokens
  for (let dropped = 0; dropped <= additionalTokens.length; dropped += 1) {
    const tokens = withAdditionalTokens(record.tokens, additionalTokens.slice(dropped))
    yield {
      record: { ...record, tokens },
      packing: 'bytes',
      remarks: dropped === 0 ? [] : ['additional_tokens_left_out'],
    }
  }
  const tokens = withAdditionalTokens(record.tokens, [])
  const remarks: readonly TraceRemark[] = additionalTokens.length === 0 ? [] : ['additional_tokens_left_out']
  yield* compressedForms({ ...record, tokens }, remarks)
  if (tokens.refreshToken === undefined || tokens.accessToken === undefined) return
  const short: SessionRecord = { ...record, tokens: { ...tokens, accessToken: '' } }
  const shortRemarks: readonly TraceRemark[] = [...remarks, 'access_token_left_out']
  yield { record: short, packing: 'bytes', remarks: shortRemarks }
  yield* compressedForms(short, shortRemarks)
}

function* compressedForms(record: SessionRecord, remarks: readonly TraceRemark[]): Generator<SessionForm> {
  yield { record, packing: 'compressed', remarks }
  const bare = { ...record, idToken: withoutProof(record.idToken) }
  yield { record: bare, packing: 'compressed', remarks: [...remarks, 'id_token_left_out'] }
}
