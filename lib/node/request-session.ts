import { ConfigurationError } from '../errors.js'
import { storeOutage } from '../session/store-outage.js'
import type { NodeRequest } from './types.js'

/** A session of express-session, as far as it is used here; one of cookie-session has no methods. */
export interface RequestSession {
  [member: string]: unknown
  regenerate?: (done: (error?: unknown) => void) => void
  save?: (done: (error?: unknown) => void) => void
}

/** Finds the application's own session of a request. */
export class RequestSessions {
  #wasThere = false

  /** The session that a middleware has read. */
  of(req: NodeRequest): RequestSession | undefined {
    const session: unknown = Reflect.get(req, 'session')
    if (typeof session !== 'object' || session === null) return undefined
    this.#wasThere = true
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- an object, of which every member is checked before use
    return session as RequestSession
  }

  /** Why there is none: express-session leaves it out while its store says that it is not connected. */
  absence(): Error {
    const what = 'session.use is "request", but req.session is not there'
    if (this.#wasThere) {
      return storeOutage(`${what}, as it was before: its store is away, or it is not mounted for this path`)
    }
    const advice = 'mount express-session or cookie-session before oidc(), for all its paths'
    return new ConfigurationError('not_mounted', `${what}: ${advice}`)
  }
}
