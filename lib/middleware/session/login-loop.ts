import { nowSeconds } from '../../base/runtime.js'
import { AuthorizationResponseError, TransactionError } from '../../errors.js'
import { countLogin as nextCount, isLooping, isReturningUnseen } from '../../relying-party/login/loop-guard.js'
import { openTransactions } from '../../relying-party/login/transaction/transaction.js'
import type { ChallengeCall } from '../guard/authentication.js'
import type { RequestContext } from './request-context.js'

/** Counts a login that found no session of the previous one. */
export function countLogin(request: RequestContext): void {
  const { loop } = request.cookies()
  loop.write(nextCount(loop.value, nowSeconds(request.application.runtime)))
}

/**
 * Refuses a login that would only continue a loop. The count is then reset: another attempt after the error starts afresh.
 *
 * @param returnTo - where the login returns to
 * @throws {TransactionError} `login_loop`
 */
export async function refuseLoops(request: RequestContext, returnTo: string | undefined): Promise<void> {
  if (request.session.current() !== undefined) return
  const { loop } = request.cookies()
  if (
    !isLooping(loop.value, nowSeconds(request.application.runtime)) &&
    !(await isCircleWithoutCookies(request, returnTo))
  )
    return
  loop.remove()
  const message = 'signing in worked, but your browser did not keep the session cookie: allow cookies and try again'
  throw new TransactionError('login_loop', message)
}

/**
 * Refuses a stronger login if previous ones did not help: no login meets both of two guards, for example, or the provider's
 * clock is far behind.
 *
 * @throws {AuthorizationResponseError} `authentication_too_weak`, or the guard's own refusal
 */
export function refuseVainStepUps(request: RequestContext, call: Pick<ChallengeCall, 'stepUp' | 'error'>): void {
  if (request.session.current() === undefined) return
  if (!isLooping(request.cookies().stepUp.value, nowSeconds(request.application.runtime))) return
  if (call.stepUp === undefined) throw call.error
  const message = 'signing in again worked, but was still not as strong or as recent as this page needs'
  throw new AuthorizationResponseError('authentication_too_weak', message)
}

/** Counts a stronger login that a guard requires. */
export function countStepUp(request: RequestContext): void {
  const { stepUp } = request.cookies()
  stepUp.write(nextCount(stepUp.value, nowSeconds(request.application.runtime)))
}

// If the browser keeps no cookie of the callback, the transactions of finished logins are still there.
async function isCircleWithoutCookies(request: RequestContext, returnTo: string | undefined): Promise<boolean> {
  const { application } = request
  const cookies = await request.transactions()
  const transactions = openTransactions(application.transactionSeal, cookies)
  if (!isReturningUnseen(application, transactions, returnTo)) return false
  for (const { slot } of transactions) cookies.remove(slot)
  return true
}
