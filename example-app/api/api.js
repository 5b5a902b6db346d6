import express from 'express'
import { bearer, requireAuth, scope } from 'express-oidc'

const orders = [
  { id: 1001, item: 'Desk lamp', quantity: 2 },
  { id: 1002, item: 'Office chair', quantity: 1 },
]

/**
 * The API: a separate resource server, which uses no cookies. It accepts requests with an access token for it.
 *
 * @param {{ issuer: string, audience: string, fetch?: typeof globalThis.fetch }} options
 */
export function createApi(options) {
  const guard = bearer({ ...options, required: true })
  const router = express.Router()
  router.use(guard)
  router.get('/orders', requireAuth(scope('orders:read')), (_req, res) => void res.json(orders))
  router.get('/caller', requireAuth(), (req, res) => void res.json(callerOf(req)))
  router.post('/orders', requireAuth(scope('orders:write')), (_req, res) => void res.status(201).json(orders[0]))
  return { router, ready: () => guard.ready() }
}

/**
 * An API for tokens that are bound to a key (RFC 9449).
 *
 * @param {{ issuer: string, audience: string, baseUrl: string }} options
 */
export function createVault(options) {
  const guard = bearer({ ...options, required: true, dpop: 'required' })
  const router = express.Router()
  router.use(guard)
  router.get('/orders', requireAuth(scope('orders:read')), (_req, res) => void res.json(orders))
  return { router, ready: () => guard.ready() }
}

/** @param {import('express').Request} req */
function callerOf({ auth }) {
  return { subject: auth?.subject, client: auth?.clientId, isMachine: auth?.isMachine ?? null, scopes: auth?.scopes }
}
