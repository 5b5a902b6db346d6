import type { TraceRemark } from '../../base/tracing/event.js'
import { withoutProof } from '../claims.js'
import { withAdditionalTokens } from '../merge.js'
import type { SessionRecord } from '../record.js'

/** One way to write a session. */
export interface SessionForm {
  readonly record: SessionRecord
  /** `bytes`: base64url in tokens is decoded to bytes. `compressed`: claims and data are compressed as well. */
  readonly packing: 'none' | 'bytes' | 'compressed'
  /** What is omitted. */
  readonly remarks: readonly TraceRemark[]
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
