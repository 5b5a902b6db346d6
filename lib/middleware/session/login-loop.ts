import { AuthorizationResponseError, TransactionError } from '../../errors.js'
import { countLogin as nextCount, isLooping, isReturningUnseen } from '../../relying-party/login/loop-guard.js'
import { openTransactions } from '../../relying-party/login/transaction/transaction.js'
import type { ChallengeCall } from '../guard/authentication.js'
import type { RequestContext } from './request-context.js'

/** Counts a login that found no session of the one before. */
export function countLogin(request: RequestContext): void {
  const { loop } = request.cookies()
  loop.write(nextCount(loop.value, nowSeconds(request)))
}

/**
 * Refuses to begin a login that would only continue a circle. What was counted is forgotten with that: whoever tries again
 * after the error begins anew.
 *
 * @param returnTo - where the login is to lead back to
 * @throws {TransactionError} `login_loop`
 */
export function refuseCircles(request: RequestContext, returnTo: string | undefined): void {
  if (request.session.current() !== undefined) return
  const { loop } = request.cookies()
  if (!isLooping(loop.value, nowSeconds(request)) && !isCircleWithoutCookies(request, returnTo)) return
  loop.remove()
  const message = 'signing in worked, but your browser did not keep the session cookie: allow cookies and try again'
  throw new TransactionError('login_loop', message)
}

/**
 * Refuses a stronger login where the ones before did not help: such as two guards of which no login meets both, or a provider
 * whose clock is far behind.
 *
 * @throws {AuthorizationResponseError} `authentication_too_weak`, or the guard's own refusal
 */
export function refuseVainStepUps(request: RequestContext, call: Pick<ChallengeCall, 'stepUp' | 'error'>): void {
  if (request.session.current() === undefined) return
  if (!isLooping(request.cookies().stepUp.value, nowSeconds(request))) return
  if (call.stepUp === undefined) throw call.error
  const message = 'signing in again worked, but was still not as strong or as recent as this page needs'
  throw new AuthorizationResponseError('authentication_too_weak', message)
}

/** Counts a stronger login that a guard asks for. */
export function countStepUp(request: RequestContext): void {
  const { stepUp } = request.cookies()
  stepUp.write(nextCount(stepUp.value, nowSeconds(request)))
}

// Where nothing sticks that the callback sets, the logins that it has finished still lie in their slots.
function isCircleWithoutCookies(request: RequestContext, returnTo: string | undefined): boolean {
  const { rp } = request
  const cookies = request.transactions()
  const transactions = openTransactions(rp.transactionSeal, cookies)
  if (!isReturningUnseen(rp, transactions, returnTo)) return false
  for (const { slot } of transactions) cookies.remove(slot)
  return true
}

function nowSeconds({ rp }: RequestContext): number {
  return Math.floor(rp.runtime.now() / 1000)
}
