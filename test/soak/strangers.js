import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Browser } from './browser.js'

const noise = (bytes = 24) => randomBytes(bytes).toString('base64url')
const json = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that looks as if it were of this issuer, signed by nobody. */
function forged(issuer, audience, typ) {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: audience, sub: noise(6), client_id: 'x', iat: now, exp: now + 300, jti: noise() }
  return `${json({ alg: 'RS256', typ, kid: noise(6) })}.${json(claims)}.${noise(256)}`
}

/** Things that nobody should send. */
const attempts = [
  (browser, origin) => browser.ask(`${origin}/callback?code=${noise()}&state=${noise()}.r`, { label: 'garbage' }),
  (browser, origin) => browser.ask(`${origin}/callback?${noise(300)}`, { label: 'garbage' }),
  (browser, origin) => browser.ask(`${origin}/login?returnTo=//evil.example/${noise()}`, { label: 'garbage' }),
  (browser, origin) =>
    browser.ask(`${origin}/me`, { headers: { cookie: `oidc=${noise(400)}; =; ${noise()}` }, label: 'garbage' }),
  (browser, origin) => browser.ask(`${origin}/logout`, { method: 'POST', body: noise(200), label: 'garbage' }),
  (browser, origin, { issuer, clientId }) => {
    const body = `logout_token=${forged(issuer, clientId, 'logout+jwt')}`
    return browser.ask(`${origin}/backchannel-logout`, { method: 'POST', body, label: 'garbage' })
  },
  (browser, origin, { issuer, audience }) => {
    const headers = { authorization: `Bearer ${forged(issuer, audience, 'at+jwt')}` }
    return browser.ask(`${origin}/api`, { headers, label: 'garbage' })
  },
  (browser, origin) =>
    browser.ask(`${origin}/api`, { headers: { authorization: `Bearer ${noise(3000)}` }, label: 'garbage' }),
  (_browser, origin) =>
    reset(origin, 'GET /me HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  (_browser, origin) =>
    reset(origin, 'POST /backchannel-logout HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nlogout'),
  (_browser, origin) => reset(origin, `OPTIONS * HTTP/1.1\r\nHost: x\r\nCookie: ${noise(900)}\r\n\r\n`),
]

/** Sends some bytes, and resets the connection. */
function reset(origin, bytes) {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes, () => setTimeout(end, Math.random() * 5)))
    const end = () => resolve(void socket.resetAndDestroy())
    socket.on('error', resolve)
  })
}

/** Somebody whom nobody knows, and who never stops. */
export async function disturb(application) {
  const { tally, origins, isOver } = application
  while (!isOver()) {
    const attempt = attempts[Math.floor(Math.random() * attempts.length)]
    const origin = origins[Math.floor(Math.random() * origins.length)]
    await attempt(new Browser(tally), origin, application)
    tally.count('attempts of strangers')
    await pause(20 + Math.random() * 100)
  }
}
