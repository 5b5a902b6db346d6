/**
 * Decodes canonical base64url only (RFC 4648 section 3.5). Node's decoder also accepts padding, white space, the other
 * alphabet and stray trailing bits.
 *
 * @returns `undefined` for any other text
 */
export function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // Faster than encoding again to compare. If the decoder skips a character, a byte is missing. It cuts characters
  // beyond ASCII to eight bits; those take more than one byte in UTF-8.
  const isWhole = text.length % 4 !== 1 && bytes.length === Math.floor(text.length * 0.75)
  if (!isWhole || text.includes('+') || text.includes('/') || Buffer.byteLength(text) !== text.length) return undefined
  return endsWithoutStrayBits(text) ? bytes : undefined
}

// In the last group, the second of two characters carries two bits of a byte, the third of three carries four.
function endsWithoutStrayBits(text: string): boolean {
  const rest = text.length % 4
  if (rest === 0) return true
  return (rest === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(text.slice(-1))
}
