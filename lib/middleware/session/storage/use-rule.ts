import { ConfigurationError } from '../../../errors.js'
import type { HttpRequest } from '../../../http/request.js'
import { kindOf } from '../../../options/given.js'
import { type BaseUrl, publicPath } from '../../../relying-party/base-url.js'
import { baseUrlOf } from '../../../relying-party/base-urls.js'
import type { ApplicationWith } from '../../../relying-party/relying-party.js'
import { isOwnScript, ownOriginOnly } from '../../http/cross-site.js'

/** Whether a request counts as use of its session, which extends the idle limit. */
export type UseRule = (httpRequest: HttpRequest) => boolean

/**
 * Creates the rule: a request counts unless it says that it is a poll, or the application says so. The session route counts only
 * where it is asked to prolong the session.
 *
 * @throws {ConfigurationError} `invalid_options`, from the rule, if `countsAsUse` does not return a boolean
 */
export function createUseRule({
  configuration: {
    routes,
    session: { countsAsUse },
  },
  baseUrls,
}: ApplicationWith<'configuration' | 'baseUrls'>): UseRule {
  return (httpRequest) => {
    if (httpRequest.header('x-poll') === '1') return false
    if (routes.session !== false) {
      const base = baseUrlOf(baseUrls, httpRequest)
      if (publicPath(base, httpRequest.path) === base.paths.session) return asksToProlong(httpRequest, base)
    }
    return countsAsUse === undefined || verdictOf(countsAsUse(httpRequest.source))
  }
}

// A request that the route refuses must not count either.
function asksToProlong(httpRequest: HttpRequest, { origin }: BaseUrl): boolean {
  const isAsked = new URLSearchParams(httpRequest.query).get('prolong') === 'true'
  return isAsked && httpRequest.method === 'GET' && isOwnScript(httpRequest, ownOriginOnly(origin))
}

// A promise would be true, whatever it resolves with.
function verdictOf(returned: unknown): boolean {
  if (typeof returned === 'boolean') return returned
  const message = `session.countsAsUse() must return true or false, and at once (returned: ${kindOf(returned)})`
  throw new ConfigurationError('invalid_options', message)
}
