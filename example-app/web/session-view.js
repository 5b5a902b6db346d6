import { shorten } from '../timeline/secrets.js'

/** @type {Readonly<Record<string, string>>} */
const meanings = {
  sub: 'who you are, unique at this issuer',
  iss: 'who says so',
  aud: 'whom it was said to: this app',
  azp: 'who asked for it',
  exp: 'not to be believed after',
  iat: 'said at',
  auth_time: 'you proved who you are at',
  nonce: 'ties it to this one login',
  at_hash: 'ties it to the access token',
  sid: 'your session at the provider',
  acr: 'how strongly you proved it',
  amr: 'by which means',
  name: 'from the scope profile',
  given_name: 'from the scope profile',
  family_name: 'from the scope profile',
  preferred_username: 'from the scope profile',
  dept: 'what the HR page asks for',
  email: 'from the scope email',
  email_verified: 'whether the provider has checked it',
}

const times = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at'])

/**
 * Claims with what they mean, those about the person first.
 *
 * @param {Readonly<Record<string, unknown>>} claims
 */
export function claimRows(claims) {
  const rows = Object.entries(claims).map(([name, value]) => ({
    name,
    value: claimText(name, value),
    meaning: meanings[name] ?? '',
  }))
  const order = Object.keys(meanings)
  const protocol = new Set(['iss', 'aud', 'azp', 'exp', 'iat', 'auth_time', 'nonce', 'at_hash', 'sid', 'acr', 'amr'])
  const rank = (/** @type {{ name: string }} */ { name }) =>
    (protocol.has(name) ? 100 : 0) + (order.includes(name) ? order.indexOf(name) : 50)
  return rows.sort((a, b) => rank(a) - rank(b))
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function claimText(name, value) {
  if (times.has(name) && typeof value === 'number') return new Date(value * 1000).toISOString().replace('.000', '')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * The ID Token's parts, decoded; only the beginning of the signature, so that the page contains no usable token.
 *
 * @param {string} idToken
 */
export function decodedIdToken(idToken) {
  const [header = '', payload = '', signature = ''] = idToken.split('.')
  return { header: decoded(header), claims: decoded(payload), signature: shorten(signature), bytes: idToken.length }
}

/**
 * @param {string} part
 * @returns {Record<string, unknown>}
 */
function decoded(part) {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}

/**
 * The clocks of a session, in seconds since the epoch.
 *
 * @param {{ createdAt: number, idleExpiresAt: number, absoluteExpiresAt: number }} session
 * @param {Readonly<Record<string, unknown>>} claims
 * @param {number} idleSeconds
 */
export function clocks(session, claims, idleSeconds) {
  const { exp, iat } = claims
  const list = [
    {
      id: 'idle',
      label: 'If you do nothing',
      note: 'Starts anew when you use the app.',
      endsAt: session.idleExpiresAt,
      total: idleSeconds,
    },
    {
      id: 'absolute',
      label: 'Whatever you do',
      note: 'Fixed at login. The server enforces both.',
      endsAt: session.absoluteExpiresAt,
      total: session.absoluteExpiresAt - session.createdAt,
    },
  ]
  if (typeof exp !== 'number' || typeof iat !== 'number') return list
  const note = 'Says who signed in, once. The session does not end with it.'
  return [...list, { id: 'id-token', label: 'ID Token', note, endsAt: exp, total: exp - iat }]
}

/**
 * Names and sizes of the request's cookies. The values stay where they are.
 *
 * @param {string} header
 * @param {boolean} isStored Whether the session lies on the server.
 */
export function cookieRows(header, isStored) {
  const pairs = header.split(/; */).filter((pair) => pair.includes('='))
  return pairs.map((pair) => {
    const name = pair.slice(0, pair.indexOf('='))
    return { name, bytes: Buffer.byteLength(pair), purpose: cookiePurpose(name, isStored) }
  })
}

/**
 * @param {string} name
 * @param {boolean} isStored
 */
function cookiePurpose(name, isStored) {
  if (name === 'demo.timeline') return 'which timeline is yours (this demo only)'
  if (/\.tx\./.test(name)) return 'one login on its way: state, nonce, code verifier, encrypted'
  if (/\.(loop|step)$/.test(name)) return 'counts logins, so that they cannot go round in circles'
  if (/^(__Host-|__Secure-)?oidc/.test(name))
    return isStored ? 'which session in Redis is yours, and its key' : 'your session with its tokens, encrypted'
  return 'not of this app'
}
