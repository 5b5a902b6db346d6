import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { shorten } from '../timeline/secrets.js'
import { tell } from './tell.js'

/**
 * Calls the API that asks for DPoP (RFC 9449): with the key, and as a thief of the token would have to.
 *
 * @param {import('./types.js').Tour} tour
 * @returns {Promise<import('./types.js').Line[]>}
 */
export async function boundTokenTries(tour) {
  const { bound, apis } = tour
  if (bound === undefined) return []
  const url = apis.urls.vault
  const headers = await bound.authorize({}, {}, { method: 'GET', url })
  const token = headers.authorization?.split(' ')[1] ?? ''
  const owner = await apis.fetch(url, { headers })
  const [replayed, bare, foreign] = [
    headers,
    { authorization: `Bearer ${token}` },
    { authorization: `DPoP ${token}`, dpop: await proofBySomebody(url, token) },
  ]
  return [
    {
      what: 'The app, with the token and a proof by its key',
      status: owner.status,
      isOpen: owner.ok,
      said: 'The proof is for this one request, and the key is the one in the token.',
    },
    await steal(tour, replayed, 'A thief repeats the whole request', 'Each proof counts once'),
    await steal(tour, bare, 'A thief has the token alone', 'A bound token without a proof is refused'),
    await steal(
      tour,
      foreign,
      'A thief makes a proof with another key',
      'The token names the key, and it is not this one',
    ),
  ]
}

/**
 * @param {import('./types.js').Tour} tour
 * @param {Record<string, string>} headers
 * @param {string} what
 * @param {string} why
 */
async function steal(tour, headers, what, why) {
  const response = await fetch(tour.apis.urls.vault, { headers })
  const { code = '' } = Object(await response.json())
  const carried = Object.entries(headers).map(
    ([name, value]) => /** @type {[string, string]} */ ([name, shorten(value)]),
  )
  const said = response.ok ? 'It got in.' : `${why}: ${code}.`
  return tell(tour, { what, request: 'GET /vault/orders', carried, status: response.status, said })
}

/**
 * @param {string} url
 * @param {string} token
 */
async function proofBySomebody(url, token) {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const ath = createHash('sha256').update(token).digest('base64url')
  return new SignJWT({ htm: 'GET', htu: url, jti: randomUUID(), ath })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey)
}
