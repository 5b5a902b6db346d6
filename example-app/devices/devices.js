import onHeaders from 'on-headers'
import { LRUCache } from 'lru-cache'
import { describeAgent } from './user-agent.js'

/** @typedef {import('express-oidc').OidcMiddleware<unknown>} Login */
/** @typedef {import('./board.js').Board} Board */

/**
 * Tells pages when a person has signed in with another browser. Belongs behind the login middleware.
 *
 * @param {Board} board
 * @returns {import('express').RequestHandler}
 */
export function noteLogins(board) {
  /** @type {LRUCache<string, true>} */
  const known = new LRUCache({ max: 1000 })
  return async (req, _res, next) => {
    const { sub, sid } = Object(req.auth?.claims)
    if (typeof sid !== 'string' || known.has(sid)) return next()
    known.set(sid, true)
    await board.tell({ subject: sub })
    next()
  }
}

/**
 * `POST /end-session`: signs the person out of one of their other browsers.
 *
 * @param {Board} board
 * @returns {import('express').RequestHandler}
 */
export function endOtherSession(board) {
  return async (req, res) => {
    await req.oidc.sessions.end(String(req.body?.id))
    await board.tell({ subject: String(req.auth?.subject) })
    res.redirect(303, '/tour/devices')
  }
}

/**
 * Tells pages when a person has signed out, here or elsewhere. Belongs before the login middleware, which answers these
 * requests; whether they ended a session is asked of it afterwards. All processes are told first that the application has heard of
 * it: once the session has ended, any of them may be the one that notices.
 *
 * @param {Board} board
 * @param {Login} login
 * @returns {import('express').RequestHandler}
 */
export function noteLogouts(board, login) {
  return async (req, res, next) => {
    const at = Date.now()
    const isTold = req.path === '/backchannel-logout'
    const { sub, sid } = isTold
      ? claimsOf(req.body?.logout_token)
      : Object((await login.authenticate(req))?.principal.claims)
    if (typeof sub !== 'string' || typeof sid !== 'string') return next()
    await board.tell({ heard: { sid, at } }).catch(complain)
    const note = async () => {
      // The answer 200 says that the logout token was a true one: only then do its claims count.
      const isOver = isTold ? res.statusCode === 200 : (await login.authenticate(req)) === undefined
      if (!isOver) return
      await board.tell({ subject: sub })
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
 * The browsers that a person is signed in with, for the template: the one that asks, and the others by age.
 *
 * @param {readonly import('express-oidc').OwnSession[]} sessions
 */
export function deviceRows(sessions) {
  return [...sessions]
    .sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent) || a.createdAt - b.createdAt)
    .map(({ id, createdAt, userAgent = '', isCurrent }) => ({
      id,
      agent: describeAgent(userAgent),
      since: new Date(createdAt * 1000).toISOString(),
      isThis: isCurrent,
    }))
}
