import onHeaders from 'on-headers'
import { describeAgent } from './user-agent.js'

/** @typedef {import('express-oidc').OidcMiddleware<unknown>} Login */
/** @typedef {import('./board.js').Board} Board */

/**
 * Notes with what a signed-in person comes. Belongs behind the login middleware.
 *
 * @param {Board} board
 * @returns {import('express').RequestHandler}
 */
export function noteDevices(board) {
  return async (req, _res, next) => {
    const session = req.oidc?.session
    const { sub, sid } = Object(req.auth?.claims)
    if (session === undefined || typeof sid !== 'string') return next()
    const agent = (req.get('user-agent') ?? '').slice(0, 300)
    const endsAt = Math.min(session.idleExpiresAt, session.absoluteExpiresAt)
    const isNew = await board.put(sub, { sid, agent, since: session.createdAt, endsAt })
    if (isNew) await board.tell({ subject: sub })
    next()
  }
}

/**
 * Takes those off the board that sign out, here or elsewhere. Belongs before the login middleware, which answers these
 * requests; whether they ended a session is asked of it afterwards.
 *
 * @param {Board} board
 * @param {Login} login
 * @param {import('lru-cache').LRUCache<string, number>} heard When the application was told of the end of a session; believed
 *   before it is checked, so good for showing how long things take and for nothing else.
 * @returns {import('express').RequestHandler}
 */
export function noteLogouts(board, login, heard) {
  return async (req, res, next) => {
    const at = Date.now()
    const isTold = req.path === '/backchannel-logout'
    const { sub, sid } = isTold
      ? claimsOf(req.body?.logout_token)
      : Object((await login.authenticate(req))?.principal.claims)
    if (typeof sub !== 'string' || typeof sid !== 'string') return next()
    heard.set(sid, at)
    const note = async () => {
      // The answer 200 says that the logout token was a true one: only then do its claims count.
      const isOver = isTold ? res.statusCode === 200 : (await login.authenticate(req)) === undefined
      if (!isOver) return
      await board.drop(sub, sid)
      await board.tell({ subject: sub, ended: { sid, at } })
    }
    onHeaders(res, () => void note().catch(complain))
    next()
  }
}

/** @param {unknown} error */
function complain(error) {
  console.error(`the list of sessions: ${Object(error).message}`)
}

/**
 * @param {unknown} token Not checked.
 * @returns {Record<string, unknown>}
 */
function claimsOf(token) {
  try {
    return Object(JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()))
  } catch {
    return {}
  }
}

/**
 * The browsers that a person is signed in with, for the template.
 *
 * @param {Board} board
 * @param {Readonly<Record<string, unknown>>} claims Of the one who asks.
 */
export async function devicesOf(board, { sub, sid }) {
  const now = Date.now() / 1000
  const devices = (await board.list(String(sub))).filter((device) => device.endsAt > now)
  return devices
    .sort((a, b) => a.since - b.since)
    .map((device) => ({
      agent: describeAgent(device.agent),
      since: new Date(device.since * 1000).toISOString(),
      isThis: device.sid === sid,
    }))
}
