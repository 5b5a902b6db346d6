/**
 * The two numbers of an ECDSA signature in ASN.1 DER (RFC 3279 section 2.2.3), side by side as a JWS has them (RFC 7518 section 3.4).
 *
 * @param length - bytes of both numbers together
 * @returns `undefined` for anything else
 */
export function derSignature(der: Buffer, length = 0): Buffer | undefined {
  const start = der[1] === 0x81 ? 3 : 2
  if (der[0] !== 0x30) return undefined
  const r = numberAt(der, start, length / 2)
  const s = r === undefined ? undefined : numberAt(der, r.end, length / 2)
  return r === undefined || s?.end !== der.length ? undefined : Buffer.concat([r.bytes, s.bytes])
}

// A number has no leading zeros but one where it would be negative otherwise.
function numberAt(der: Buffer, at: number, size: number): { bytes: Buffer; end: number } | undefined {
  const end = at + 2 + (der[at + 1] ?? 0)
  const value = der.subarray(at + 2, end)
  const bytes = value[0] === 0 ? value.subarray(1) : value
  if (der[at] !== 0x02 || end > der.length || bytes.length > size) return undefined
  return { bytes: Buffer.concat([Buffer.alloc(size - bytes.length), bytes]), end }
}
