import { met, type NamedRequirement, type Verdict } from './requirement.js'

/**
 * Requires a session that is bound to a key of the device (`session.deviceBound`). Sessions of browsers that hold no keys, and
 * access tokens, are refused. Right after a login the browser may not have registered its key yet: a page loads again by itself.
 *
 * @experimental The draft may change, and so may this.
 * @example
 * ```ts
 * app.use('/admin', requireAuth(deviceBound()))
 * ```
 *
 * @see https://w3c.github.io/webappsec-dbsc/
 */
export function deviceBound(): NamedRequirement {
  return {
    kind: 'deviceBound',
    check({ isDeviceBound }): Verdict {
      if (isDeviceBound === true) return met
      const seen = isDeviceBound === false ? 'no key registered yet' : 'a session or token without a key of the device'
      const details = { subject: 'session', seen, expected: 'a session that is bound to a device' }
      return { met: false, kind: 'deviceBound', details, ...(isDeviceBound === false ? { retryAfterSeconds: 1 } : {}) }
    },
  }
}
