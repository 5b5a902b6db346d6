import type { AuthorizationDetail } from '../options/authorization-details/detail.js'
import { quoted } from '../base/error-cause.js'
import type { FrameworkRequest } from '../options/framework.js'
import { invalidArgument } from './arguments.js'
import type { Principal } from './principal.js'
import { met, type NamedRequirement, type UnmetRequirement, type Verdict } from './requirement.js'

/** Whether one detail that was granted is enough for a request: only `true` is. */
export type DetailCheck<Detail extends AuthorizationDetail = AuthorizationDetail, Request = FrameworkRequest> = (
  detail: Readonly<Detail>,
  req: Request,
  principal: Principal,
) => boolean | Promise<boolean>

const kind = 'authorizationDetails'

/**
 * Requires one of the authorization details of this type that were granted: to the login of a session, or in the access token. With a
 * function, one for which it returns `true`. An access token that lacks it gets 403 `insufficient_scope`.
 *
 * The authorization server promises the type only, so the function should check each member that it relies on. Where the server
 * does not say which details were granted, the requirement is undecided: `not()` refuses too.
 *
 * @example
 * ```ts
 * import { type AuthorizationDetail, authorizationDetails } from 'express-oidc'
 *
 * interface Payment extends AuthorizationDetail {
 *   type: 'payment'
 *   account?: string
 * }
 *
 * const ofThisAccount = authorizationDetails<Payment>('payment', ({ account }, { query }) => account === query['account'])
 * app.post('/payments', requireAuth(ofThisAccount), transfer)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 * @see https://www.rfc-editor.org/rfc/rfc9396#section-2
 */
export function authorizationDetails<
  Detail extends AuthorizationDetail = AuthorizationDetail,
  Request = FrameworkRequest,
>(type: Detail['type'], check?: DetailCheck<Detail, Request>): NamedRequirement<Request>
export function authorizationDetails<Request>(
  type: string,
  check?: DetailCheck<AuthorizationDetail, Request>,
): NamedRequirement<Request> {
  if (typeof type !== 'string' || type === '' || !(check === undefined || typeof check === 'function')) {
    throw invalidArgument('authorizationDetails() takes a type, and optionally a function (detail, req) => boolean')
  }
  return { kind, check: (principal, req) => verdictOn(principal, req, { type, check }) }
}

interface Wanted<Request> {
  readonly type: string
  readonly check: DetailCheck<AuthorizationDetail, Request> | undefined
}

async function verdictOn<Request>(principal: Principal, req: Request, wanted: Wanted<Request>): Promise<Verdict> {
  const { type, check } = wanted
  const { authorizationDetails: granted } = principal
  if (granted === undefined) return unmet(type, 'missing', true)
  let isUndecided = false
  const found = granted.filter((detail) => detail.type === type)
  for (const detail of found) {
    const answer: unknown = check === undefined ? true : await check(detail, req, principal)
    if (answer === true) return met
    isUndecided ||= answer !== false
  }
  const seen = found.length === 0 ? 'others' : 'of this type, but not enough'
  return unmet(type, isUndecided ? 'undecided: the function must return true or false' : seen, isUndecided)
}

// Granted details may be personal, such as an account. The type stands in the application's code.
function unmet(type: string, seen: string, isUndecided: boolean): UnmetRequirement {
  const details = { subject: 'authorization_details', seen, expected: `one of the type ${quoted(type)}` }
  return { met: false, kind, detailType: type, details, ...(isUndecided ? { undecided: true } : {}) }
}
