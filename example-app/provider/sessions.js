import { timingSafeEqual } from 'node:crypto'
import express from 'express'
import { LRUCache } from 'lru-cache'

/** @typedef {import('oidc-provider/lib/provider.js').Provider} Provider */
/** @typedef {import('oidc-provider/lib/adapters/memory_adapter.js').Adapter} Adapter */

/**
 * Notes whose the provider's sessions are: oidc-provider finds one by its cookie only.
 *
 * @param {(model: string) => Adapter} adapter
 * @returns {{ adapter: (model: string) => Adapter, of: (accountId: string) => string[] }}
 */
export function sessionIndex(adapter) {
  // As many as the memory adapter itself keeps.
  /** @type {LRUCache<string, string>} */
  const owners = new LRUCache({ max: 1000 })
  return {
    adapter: (model) => (model === 'Session' ? indexed(adapter(model), owners) : adapter(model)),
    of: (accountId) => [...owners].filter(([, owner]) => owner === accountId).map(([id]) => id),
  }
}

/**
 * @param {Adapter} adapter
 * @param {LRUCache<string, string>} owners
 */
function indexed(adapter, owners) {
  const { upsert, destroy } = adapter
  return Object.assign(adapter, {
    /** @type {Adapter['upsert']} */
    upsert(id, payload, expiresIn) {
      if (typeof payload.accountId === 'string') owners.set(id, payload.accountId)
      return upsert.call(adapter, id, payload, expiresIn)
    },
    /** @type {Adapter['destroy']} */
    destroy(id) {
      owners.delete(id)
      return destroy.call(adapter, id)
    },
  })
}

/**
 * Makes `POST /sign-out-everywhere` (`sub`), for applications that authenticate with their secret: all of a person's sessions
 * end, here and, by back-channel calls, at every application. No standard has this; providers have an admin API for it.
 *
 * @param {Provider} provider
 * @param {{ of: (accountId: string) => string[] }} sessions
 * @param {readonly Record<string, unknown>[]} clients
 * @returns {express.Router}
 */
export function signOutEverywhere(provider, sessions, clients) {
  const router = express.Router()
  router.post('/sign-out-everywhere', express.urlencoded({ extended: false, limit: '1kb' }), async (req, res) => {
    if (!clients.some((client) => isAuthenticated(client, req.headers.authorization))) {
      res.status(401).set('WWW-Authenticate', 'Basic realm="applications"').end()
      return
    }
    const ended = sessions.of(String(req.body?.sub))
    const told = await Promise.all(ended.map((id) => endSession(provider, id)))
    res.json({ sessions: ended.length, told: told.flat().filter(Boolean).length })
  })
  return router
}

/**
 * Makes what ends all sessions of a person here but one, and tells nobody.
 *
 * @param {Provider} provider
 * @param {{ of: (accountId: string) => string[] }} sessions
 * @returns {(session: { sub: string, sid: string, clientId: string }) => Promise<string[]>} Resolves to their `sid` at an application.
 */
export function endOthers(provider, sessions) {
  return async ({ sub, sid, clientId }) => {
    const all = await Promise.all(sessions.of(sub).map((id) => provider.Session.find(id)))
    const others = all.flatMap((session) => {
      const other = session?.authorizations?.[clientId]?.sid
      return session === undefined || other === undefined || other === sid ? [] : [{ session, sid: other }]
    })
    await Promise.all(others.map(({ session }) => session.destroy()))
    return others.map((other) => other.sid)
  }
}

/**
 * @param {Record<string, unknown>} client
 * @param {string | undefined} authorization
 */
function isAuthenticated({ client_id: id, client_secret: secret }, authorization = '') {
  const expected = Buffer.from(`Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`)
  const presented = Buffer.from(authorization)
  return presented.length === expected.length && timingSafeEqual(presented, expected)
}

/**
 * @param {Provider} provider
 * @param {string} id
 * @returns {Promise<boolean[]>} For each application, whether it took the call.
 */
async function endSession(provider, id) {
  const session = await provider.Session.find(id)
  if (session === undefined) return []
  // The provider's own session first: otherwise an application that was signed out could silently sign in again.
  await session.destroy()
  return Promise.all(Object.entries(session.authorizations ?? {}).map((entry) => tell(provider, session, entry)))
}

/**
 * @param {Provider} provider
 * @param {{ accountId?: string }} session
 * @param {[string, { sid: string, grantId?: string }]} authorization
 */
async function tell(provider, { accountId }, [clientId, { sid, grantId }]) {
  if (grantId !== undefined) await provider.RefreshToken.revokeByGrantId(grantId)
  const client = await provider.Client.find(clientId)
  if (client?.backchannelLogoutUri === undefined) return false
  return client.backchannelLogout(accountId, sid).then(
    () => true,
    () => false,
  )
}
