import { parseJsonObject } from '../../base/json.js'
import type { Opened, SealPayload } from '../../seal/seal.js'
import { TextPacker, TextUnpacker } from './packed-text.js'

/** A payload whose tokens are replaced by descriptions, and their bytes. */
interface PackedPayload {
  readonly payload: SealPayload
  readonly attachment: Buffer
  /** Whether anything was compressed. */
  readonly isCompressed: boolean
}

/** How packing changes each kind of member. */
interface Change {
  readonly idToken: (token: unknown) => unknown
  /** An access or refresh token. */
  readonly token: (token: unknown) => unknown
  /** The application's data, or claims from the UserInfo endpoint. */
  readonly data: (data: unknown) => unknown
}

const claimsSegment = 1

/**
 * Moves tokens from a payload to an attachment of raw bytes. Tokens are base64url, and sealing encodes to base64url
 * again, so this saves the second encoding.
 *
 * @param mayCompress - whether to compress the ID Token's claims and the application's data, each by itself so that the
 *   size of one reveals nothing about the other. Access and refresh tokens are never compressed (RFC 8725 section 3.6)
 */
export function pack(payload: SealPayload, mayCompress: boolean): PackedPayload {
  const packer = new TextPacker()
  const packed = mapMembers(payload, {
    idToken: (token) => packer.pack(token, mayCompress ? claimsSegment : undefined),
    token: (token) => packer.pack(token),
    data: (data) => (mayCompress ? packer.deflate(Buffer.from(JSON.stringify(data))) : undefined) ?? data,
  })
  return { payload: packed, attachment: packer.attachment, isCompressed: packer.hasDeflated }
}

/** Restores the payload; `undefined` if another version wrote it. */
export function unpack({ payload, attachment }: Opened): SealPayload | undefined {
  if (attachment === undefined) return payload
  const unpacker = new TextUnpacker(attachment)
  const token = (packed: unknown): unknown => unpacker.unpack(packed)
  const data = (packed: unknown): unknown =>
    typeof packed === 'number' ? (parseJsonObject(unpacker.inflate(packed).toString()) ?? null) : packed
  try {
    return mapMembers(payload, { idToken: token, token, data })
  } catch {
    return undefined
  }
}

// The order of members is the order of bytes in the attachment.
function mapMembers(payload: SealPayload, { idToken, token, data }: Change): SealPayload {
  const { idt, act, rft, fur, uic, dat } = payload
  return {
    ...payload,
    idt: idToken(idt),
    ...(act === undefined ? {} : { act: token(act) }),
    ...(rft === undefined ? {} : { rft: token(rft) }),
    ...(Array.isArray(fur) ? { fur: fur.map((tuple) => mapTuple(tuple, token)) } : {}),
    ...(uic === undefined ? {} : { uic: data(uic) }),
    ...(dat === undefined ? {} : { dat: data(dat) }),
  }
}

function mapTuple(tuple: unknown, token: Change['token']): unknown {
  if (!Array.isArray(tuple)) return tuple
  const members: readonly unknown[] = tuple
  const [target, accessToken, ...others] = members
  return [target, token(accessToken), ...others]
}
