import express from 'express'
import { bearer, requireAuth, scope } from 'express-oidc'

/**
 * The second service: it takes tokens for itself alone, those of the first API not among them. It says whom it works for, and
 * through whom.
 *
 * @param {{ issuer: string, audience: string }} options
 */
export function createBilling(options) {
  const guard = bearer({ ...options, required: true })
  const router = express.Router()
  router.use(guard)
  router.get('/bills', requireAuth(scope('bills:read')), (req, res) => {
    const { subject, clientId, claims } = /** @type {import('express-oidc').Principal} */ (req.auth)
    // Who acts, where the token says so (RFC 8693 section 4.1).
    const { sub: actor } = Object(claims.act)
    res.json({ onBehalfOf: subject, calledBy: actor ?? clientId, bills: [{ id: 'B-7', order: 1001, total: '89.80' }] })
  })
  return { router, ready: () => guard.ready() }
}
