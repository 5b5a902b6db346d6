import type { OidcHandle } from './middleware/session/oidc-handle.js'
import type { FrameworkRequest } from './options/framework.js'
import type { Principal } from './policy/principal.js'

declare global {
  // The namespace that @types/express declares for additions.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- members of one's own would clash, see below
    interface Request extends RequestMembers {}
  }
}

/**
 * What this package adds to requests. Express's interface inherits it: a second declaration of `auth`, by express-oauth2-jwt-bearer
 * or the MCP SDK, does not clash with an inherited member, but replaces it.
 */
export interface RequestMembers {
  /** Who makes the request: a signed-in person, or the holder of an access token. */
  readonly auth?: (IsDeclaredElsewhere extends true ? unknown : Principal) | undefined
  /** The login session. Only there behind `oidc()`. */
  oidc: OidcHandle
}

// Ours is the only one that is read-only. Modifiers can be compared without the members' types, which would refer to themselves.
type IsDeclaredElsewhere = IsSame<Modifiers<FrameworkRequest>, { auth?: 0 }>
type Modifiers<T> = { [Name in keyof T as Name extends 'auth' ? Name : never]: 0 }
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the form in which TypeScript compares modifiers
type IsSame<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
