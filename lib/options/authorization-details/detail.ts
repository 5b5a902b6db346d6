import { freezeJson, isJsonObject, type JsonObject } from '../../base/json.js'

/**
 * One object of `authorization_details`: what a client may do, in the terms of one API. `type` says which; all other members are
 * the API's own.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9396#section-2
 */
export interface AuthorizationDetail {
  /** The type, which the API and the authorization server have agreed on. */
  readonly type: string
  /** A member that the type defines, or one of the common ones, such as `actions` and `locations`. */
  readonly [member: string]: unknown
}

/** What a value of `authorization_details` has to be, for messages. */
export const whatAuthorizationDetails = 'a list of objects, each with a "type" that is text'

/**
 * Reads `authorization_details`, as parsed from JSON, and freezes them.
 *
 * @returns `undefined` for anything but a list of objects that all have a type
 * @see https://www.rfc-editor.org/rfc/rfc9396#section-2
 */
export function authorizationDetailsIn(value: unknown): readonly AuthorizationDetail[] | undefined {
  if (!Array.isArray(value)) return undefined
  const details: readonly unknown[] = value
  return details.every(isAuthorizationDetail) ? freezeJson(details) : undefined
}

function isAuthorizationDetail(value: unknown): value is AuthorizationDetail {
  return isJsonObject(value) && hasType(value)
}

function hasType({ type }: JsonObject): boolean {
  return typeof type === 'string' && type !== ''
}
