import { AccessError } from '../errors.js'
import { maxTargetLength, type TargetFlaw } from './path.js'

/** The error for a request target that may lead elsewhere. */
export function refusedTarget(flaw: TargetFlaw): AccessError {
  return flaw === 'length'
    ? notForwarded(`the URL is longer than ${maxTargetLength} characters`, 414)
    : notForwarded('the path has a spelling that servers read in different ways: send it in its plainest form', 400)
}

/** The error for a method that is not for APIs. */
export function refusedMethod(): AccessError {
  const headers = { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }
  return new AccessError('not_forwarded', 'this method is not sent on to an API', { status: 405, headers })
}

/** The error for a request that is not sent on. */
export function notForwarded(message: string, status: number): AccessError {
  return new AccessError('not_forwarded', message, { status })
}
