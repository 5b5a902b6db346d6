import { createHmac, hkdfSync } from 'node:crypto'
import { processWide, type Runtime } from '../../base/runtime.js'
import { equalSecrets } from '../../base/constant-time.js'

/** Stateless nonces: the secret is enough to determine a nonce's age. */
export interface DpopNonces {
  /** The current nonce. */
  current(): string
  /** Whether a nonce is from the current period, from the previous one, or from neither. */
  ageOf(nonce: unknown): 'current' | 'previous' | 'unknown'
}

/**
 * Creates nonces for DPoP proofs (RFC 9449 section 9). A nonce is an HMAC of its time period; it is also accepted in
 * the next period.
 *
 * @param secrets - The first makes nonces; those of any are accepted.
 */
export function createDpopNonces(secrets: readonly string[], lifetimeSeconds: number, runtime: Runtime): DpopNonces {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, 'express-oidc', 'dpop nonce', 32)))
  const period = () => Math.floor(runtime.now() / (lifetimeSeconds * 1000))
  const [first] = keys
  if (first === undefined) throw new RangeError('createDpopNonces() needs at least one secret')
  return {
    current: () => nonceOf(first, period()),
    ageOf(nonce) {
      if (typeof nonce !== 'string' || nonce.length > 64) return 'unknown'
      const now = period()
      if (keys.some((key) => equalSecrets(nonce, nonceOf(key, now)))) return 'current'
      return keys.some((key) => equalSecrets(nonce, nonceOf(key, now - 1))) ? 'previous' : 'unknown'
    },
  }
}

interface OwnSecret {
  readonly secret: string
}

/** A random secret for nonces, one for this process: a request may pass several `bearer()`, and its proof has one nonce. */
export function ownSecret(runtime: Runtime): string {
  const make = () => ({ secret: runtime.randomBytes(32).toString('hex') })
  return processWide(Symbol.for('express-oidc.dpop-nonces'), isOwnSecret, make).secret
}

function isOwnSecret(value: unknown): value is OwnSecret {
  return typeof value === 'object' && value !== null && 'secret' in value && typeof value.secret === 'string'
}

function nonceOf(key: Buffer, period: number): string {
  return createHmac('sha256', key).update(String(period)).digest('base64url')
}
