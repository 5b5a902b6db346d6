import { shorten } from '../../timeline/secrets.js'
import { boundTokenTries } from '../bound-token.js'
import { tell } from '../tell.js'

/** @type {import('./attacks.js').Attack} */
export const changedToken = {
  id: 'changed-token',
  title: 'Change an access token',
  how: 'One bit of the claims is another one. First, to compare, the token as it is.',
  async run(tour) {
    const token = (await tour.apis.machine?.getToken()) ?? ''
    return [
      await call(tour, token, 'The token as it is', 'The signature fits.'),
      await call(tour, oneBitOff(token), 'The token with one bit changed', 'The signature does not fit any more'),
    ]
  },
}

/** @type {import('./attacks.js').Attack} */
export const tokenWithoutKey = {
  id: 'token-without-key',
  title: 'Use a stolen DPoP token',
  how: 'The attacker has the token, and whole requests, but not the key. First, to compare, the app, which has it.',
  run: boundTokenTries,
}

/**
 * @param {import('../types.js').Tour} tour
 * @param {string} token
 * @param {string} what
 * @param {string} why
 */
async function call(tour, token, what, why) {
  const authorization = `Bearer ${token}`
  const response = await fetch(tour.apis.urls.orders, { headers: { authorization } })
  const { code = '' } = Object(await response.json())
  return tell(tour, {
    what,
    request: 'GET /api/orders',
    carried: [['Authorization', shorten(authorization.slice(0, 14))]],
    status: response.status,
    said: response.ok ? why : `${why}: ${code}.`,
  })
}

/**
 * A bit that counts, in the middle of the payload.
 *
 * @param {string} token
 */
function oneBitOff(token) {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const bytes = Buffer.from(payload, 'base64url')
  const middle = bytes.length >> 1
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
  return [header, bytes.toString('base64url'), signature].join('.')
}
