/**
 * Decodes base64url in its one canonical spelling (RFC 4648 section 3.5): Node's own decoder takes padding, white space, the
 * other alphabet and stray trailing bits too.
 *
 * @returns `undefined` for any other text
 */
export function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // Encoding it again to compare would take more time than all of this. A character that the decoder skips leaves a byte
  // out; one beyond ASCII, whose code it cuts to eight bits, takes more than a byte in UTF-8.
  const isWhole = text.length % 4 !== 1 && bytes.length === Math.floor(text.length * 0.75)
  if (!isWhole || text.includes('+') || text.includes('/') || Buffer.byteLength(text) !== text.length) return undefined
  return endsWithoutStrayBits(text) ? bytes : undefined
}

// The last of two characters carries two bits of a byte, the last of three carries four.
function endsWithoutStrayBits(text: string): boolean {
  const rest = text.length % 4
  if (rest === 0) return true
  return (rest === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(text.slice(-1))
}
