import type { Principal } from '../policy/principal.js'
import { idTokenClaims } from '../session/claims.js'
import { clocksOf, type SessionLimits } from '../session/clocks.js'
import type { SessionRecord } from '../session/record.js'

/** The principal of a login session. */
export function sessionPrincipal(record: SessionRecord, limits: SessionLimits): Principal {
  const claims = idTokenClaims(record)
  return Object.freeze({
    scheme: 'session',
    subject: claims.sub,
    issuer: claims.iss,
    claims,
    scopes: Object.freeze(record.tokens.scope.split(' ').filter((scope) => scope !== '')),
    expiresAt: clocksOf(record, limits).idleExpiresAt,
  })
}

/** Defines `req.auth`, computed when it is first read. The application may still put a value of its own there. */
export function definePrincipal(req: object, principal: () => Principal | undefined): void {
  Object.defineProperty(req, 'auth', {
    configurable: true,
    enumerable: false,
    get: principal,
    set(value: unknown) {
      Object.defineProperty(req, 'auth', { value, configurable: true, enumerable: true, writable: true })
    },
  })
}
