import type { OidcHandle } from './middleware/session/oidc-handle.js'
import type { Principal } from './policy/principal.js'

declare global {
  // The namespace that @types/express declares for additions.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** Who makes the request: a signed-in person, or the holder of an access token. */
      auth?: Principal | undefined
      /** The login session. Only there behind `oidc()`. */
      oidc: OidcHandle
    }
  }
}
