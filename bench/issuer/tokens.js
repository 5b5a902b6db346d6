import { constants, randomUUID, sign } from 'node:crypto'
import { privateKeyOf } from './keys.js'

// Options cost node:crypto a microsecond a call: only where there are any.
const schemes = {
  RS256: (key) => ['sha256', key],
  PS256: (key) => ['sha256', { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }],
  ES256: (key) => ['sha256', { key, dsaEncoding: 'ieee-p1363' }],
  EdDSA: (key) => [null, key],
}

/** Digest name and key of an algorithm as `crypto.sign` and `crypto.verify` want them. */
export function scheme(alg, key) {
  return schemes[alg](key)
}

const person = {
  sub: '248289761001',
  client_id: 's6BhdRkqt3',
  scope: 'openid profile orders:read orders:write',
  roles: ['customer', 'staff'],
  tenant: 'c0ffee00-1234-4bcd-9abc-0123456789ab',
}

/**
 * Makes access tokens as RFC 9068 has them, of some 700 characters, no two alike.
 *
 * @param trust - `{ issuer, audience, key }`
 * @returns `mint(claims?, header?)`, and beside it `mint.unsigned`, which gives the first two segments
 */
export function createMint({ issuer, audience, key }) {
  const [digest, input] = scheme(key.alg, privateKeyOf(key))
  const usual = { alg: key.alg, typ: 'at+jwt', kid: key.publicJwk.kid }
  const unsigned = (claims, header) => {
    const now = Math.floor(Date.now() / 1000)
    const times = { iat: now, exp: now + 7200, jti: randomUUID() }
    return [encode({ ...usual, ...header }), encode({ iss: issuer, aud: audience, ...person, ...times, ...claims })]
  }
  const mint = (claims = {}, header = {}) => {
    const signed = unsigned(claims, header).join('.')
    return `${signed}.${sign(digest, Buffer.from(signed), input).toString('base64url')}`
  }
  return Object.assign(mint, { unsigned })
}

/** The token with another signature of the right length. */
export function forged(token) {
  const end = token.lastIndexOf('.') + 1
  const signature = Buffer.from(token.slice(end), 'base64url')
  signature[signature.length >> 1] ^= 1
  return token.slice(0, end) + signature.toString('base64url')
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
