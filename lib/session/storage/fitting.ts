import type { TraceRemark } from '../../base/diagnostics.js'
import { withoutProof } from '../claims.js'
import { withFurther } from '../merge.js'
import type { SessionRecord } from '../record.js'

/** One way to write a session. */
export interface SessionForm {
  readonly record: SessionRecord
  /** Whether tokens are taken as bytes, and claims and data compressed. */
  readonly packing: 'none' | 'bytes' | 'compressed'
  /** What is left out. */
  readonly remarks: readonly TraceRemark[]
}

/**
 * The ways to write a session, each shorter than the one before and costing more: first tokens as bytes, where nothing is lost; then
 * tokens for further targets, which can be asked for again, give way to what cannot; then claims and data are compressed;
 * then the ID Token loses its proof, which only a logout at the provider has a use for; and at last the access token goes,
 * where a refresh token can bring another.
 */
export function* formsOf(record: SessionRecord): Generator<SessionForm> {
  yield { record, packing: 'none', remarks: [] }
  const { further = [] } = record.tokens
  for (let dropped = 0; dropped <= further.length; dropped += 1) {
    const tokens = withFurther(record.tokens, further.slice(dropped))
    yield { record: { ...record, tokens }, packing: 'bytes', remarks: dropped === 0 ? [] : ['further_tokens_left_out'] }
  }
  const tokens = withFurther(record.tokens, [])
  const remarks: readonly TraceRemark[] = further.length === 0 ? [] : ['further_tokens_left_out']
  yield* compressedForms({ ...record, tokens }, remarks)
  if (tokens.refreshToken === undefined) return
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
