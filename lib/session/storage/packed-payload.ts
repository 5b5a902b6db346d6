import { parseJsonObject } from '../../base/json.js'
import type { Opened, SealPayload } from '../../seal/seal.js'
import { TextPacker, TextUnpacker } from './packed-text.js'

/** A payload without the bytes of its tokens, and those bytes. */
export interface PackedPayload {
  readonly payload: SealPayload
  readonly attachment: Buffer
  /** Whether compressing has helped anywhere. */
  readonly isCompressed: boolean
}

/** What becomes of the members that packing is about. */
interface Change {
  readonly idToken: (token: unknown) => unknown
  /** An access or refresh token. */
  readonly token: (token: unknown) => unknown
  readonly data: (data: unknown) => unknown
}

const claimsSegment = 1

/**
 * Takes the bytes out of a record's payload whose tokens are base64url: sealing makes base64url of all once more.
 *
 * @param mayCompress - compresses the ID Token's claims and the application's data too, each by itself: so nobody can try
 *   by the one what is in the other. Access and refresh tokens are never compressed (RFC 8725 section 3.6)
 */
export function pack(payload: SealPayload, mayCompress: boolean): PackedPayload {
  const packer = new TextPacker()
  const packed = changed(payload, {
    idToken: (token) => packer.pack(token, mayCompress ? claimsSegment : undefined),
    token: (token) => packer.pack(token),
    data: (data) => (mayCompress ? packer.deflate(Buffer.from(JSON.stringify(data))) : undefined) ?? data,
  })
  return { payload: packed, attachment: packer.attachment, isCompressed: packer.hasDeflated }
}

/** The payload as it was before it was packed; `undefined` for a shape of another version. */
export function unpack({ payload, attachment }: Opened): SealPayload | undefined {
  if (attachment === undefined) return payload
  const unpacker = new TextUnpacker(attachment)
  const token = (packed: unknown): unknown => unpacker.unpack(packed)
  const data = (packed: unknown): unknown =>
    typeof packed === 'number' ? (parseJsonObject(unpacker.inflate(packed).toString()) ?? null) : packed
  try {
    return changed(payload, { idToken: token, token, data })
  } catch {
    return undefined
  }
}

// The order is that of the bytes.
function changed(payload: SealPayload, { idToken, token, data }: Change): SealPayload {
  const { idt, act, rft, fur, dat } = payload
  return {
    ...payload,
    idt: idToken(idt),
    act: token(act),
    ...(rft === undefined ? {} : { rft: token(rft) }),
    ...(Array.isArray(fur) ? { fur: fur.map((tuple) => changedTuple(tuple, token)) } : {}),
    ...(dat === undefined ? {} : { dat: data(dat) }),
  }
}

function changedTuple(tuple: unknown, token: Change['token']): unknown {
  if (!Array.isArray(tuple)) return tuple
  const members: readonly unknown[] = tuple
  const [target, accessToken, ...others] = members
  return [target, token(accessToken), ...others]
}
