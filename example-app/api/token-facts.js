/**
 * What the page says about the tokens that were brought along, one after the other: whom they are about, never what they are.
 *
 * @param {readonly (string | undefined)[]} tokens
 * @returns {[string, string][]} Names and values.
 */
export function tokenFacts(tokens) {
  const claims = claimsOf(tokens.at(-1))
  if (claims === undefined) return []
  /** @type {[string, unknown][]} */
  const facts = [
    ['Subject', claims.sub],
    ['Client', claims.client_id ?? claims.azp],
    ['Audience', [claims.aud].flat().join(', ')],
    ['Scopes', claims.scope],
  ]
  const rows = tokens.map((token, index) => [
    tokens.length === 1 ? 'Token' : `Call ${index + 1}`,
    index > 0 && token === tokens[index - 1]
      ? 'the same token, remembered: the provider was not asked'
      : ageOf(claimsOf(token)),
  ])
  return [...facts, ...rows].filter(([, value]) => value).map(([name, value]) => [String(name), String(value)])
}

/** @param {Record<string, unknown> | undefined} claims */
function ageOf({ iat, exp } = {}) {
  if (typeof iat !== 'number' || typeof exp !== 'number') return ''
  const age = Math.max(0, Math.floor(Date.now() / 1000) - iat)
  return `issued ${age === 0 ? 'just now' : `${age} s ago`}, lives for ${exp - iat} s`
}

/**
 * When an access token ends, in seconds since the epoch, where it is a JWT. The app may look: it shows it, and decides nothing
 * by it.
 *
 * @param {string} token
 * @returns {number | undefined}
 */
export function expiryOf(token) {
  const exp = claimsOf(token)?.exp
  return typeof exp === 'number' ? exp : undefined
}

/**
 * @param {string | undefined} token
 * @returns {Record<string, unknown> | undefined}
 */
function claimsOf(token) {
  try {
    return JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString())
  } catch {
    return undefined
  }
}
