import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/**
 * The application that gets the events.
 *
 * @typedef {object} Receiver
 * @property {string} clientId Audience of the events, and name of the application that may report.
 * @property {string} clientSecret
 * @property {string} endpoint Where events are pushed to.
 * @property {string} authorization Value of the header `Authorization` of each push.
 */

const sessionRevoked = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'

/**
 * Makes a small transmitter of security events (OpenID Shared Signals Framework 1.0) for one application: its configuration, its keys,
 * and `POST /ssf/report` (`sub`, `sid`), by which the application says that all browsers of a person but one were stolen. The provider ends
 * their sessions, and for each a `session-revoked` of CAEP is pushed (RFC 8935). No standard has the report; whoever watches devices has
 * a way of their own.
 *
 * @param {string} issuer
 * @param {Receiver} receiver
 * @param {(session: { sub: string, sid: string, clientId: string }) => Promise<string[]>} endOthers Ends the other sessions of a person at
 *   the provider, and resolves to their `sid`.
 * @returns {Promise<express.Router>}
 */
export async function transmitter(issuer, receiver, endOthers) {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const header = { alg: 'RS256', kid: randomBytes(6).toString('hex'), typ: 'secevent+jwt' }
  const key = { ...(await exportJWK(publicKey)), use: 'sig', alg: header.alg, kid: header.kid }
  const router = express.Router()
  router.get('/.well-known/ssf-configuration', (_req, res) =>
    res.json({
      spec_version: '1_0',
      issuer,
      jwks_uri: `${issuer}/ssf/keys`,
      delivery_methods_supported: ['urn:ietf:rfc:8935'],
    }),
  )
  router.get('/ssf/keys', (_req, res) => res.json({ keys: [key] }))
  router.post('/ssf/report', express.urlencoded({ extended: false, limit: '1kb' }), async (req, res) => {
    if (!isReceiver(receiver, req.headers.authorization)) {
      res.status(401).set('WWW-Authenticate', 'Basic realm="applications"').end()
      return
    }
    const { sub, sid } = req.body ?? {}
    const { clientId } = receiver
    const others = await endOthers({ sub: String(sub), sid: String(sid), clientId })
    const told = await Promise.all(
      others.map(async (other) => {
        const claims = eventAbout(issuer, receiver, { sub: String(sub), sid: other })
        const token = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey)
        return (await push(receiver, token)).status === 202
      }),
    )
    res.json({ sessions: others.length, told: told.filter(Boolean).length })
  })
  return router
}

/**
 * One session of one person: a complex subject is what its members have in common.
 *
 * @param {string} issuer
 * @param {Receiver} receiver
 * @param {{ sub: string, sid: string }} session
 */
function eventAbout(issuer, { clientId }, { sub, sid }) {
  const now = Math.floor(Date.now() / 1000)
  const reason = { en: 'Its browser was reported as stolen.' }
  return {
    iss: issuer,
    aud: clientId,
    iat: now,
    jti: randomUUID(),
    sub_id: {
      format: 'complex',
      user: { format: 'iss_sub', iss: issuer, sub },
      session: { format: 'opaque', id: sid },
    },
    events: { [sessionRevoked]: { event_timestamp: now, initiating_entity: 'user', reason_user: reason } },
  }
}

/**
 * @param {Receiver} receiver
 * @param {string} token
 */
async function push({ endpoint, authorization }, token) {
  return fetch(endpoint, {
    method: 'POST',
    headers: { 'Content-Type': 'application/secevent+jwt', Accept: 'application/json', Authorization: authorization },
    body: token,
    signal: AbortSignal.timeout(10_000),
  })
}

/**
 * @param {Receiver} receiver
 * @param {string | undefined} authorization
 */
function isReceiver({ clientId, clientSecret }, authorization = '') {
  const expected = Buffer.from(`Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`)
  const presented = Buffer.from(authorization)
  return presented.length === expected.length && timingSafeEqual(presented, expected)
}
