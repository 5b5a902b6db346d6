import type { IncomingMessage } from 'node:http'
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

const source = Symbol('principal')

interface Sourced {
  [source]?: () => Principal | undefined
}

// One for all requests: closures in accessors of each request's own outlive many garbage collections.
const descriptor: PropertyDescriptor & ThisType<Sourced> = {
  configurable: true,
  enumerable: false,
  get() {
    return this[source]?.()
  },
  set(value: unknown) {
    Object.defineProperty(this, 'auth', { value, configurable: true, enumerable: true, writable: true })
  },
}

/** Defines `req.auth`, computed when it is first read. The application may still put a value of its own there. */
export function definePrincipal(req: IncomingMessage & Sourced, principal: () => Principal | undefined): void {
  req[source] = principal
  Object.defineProperty(req, 'auth', descriptor)
}
