import { AuthorizationResponseError, TransactionError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isDeclaredNonNavigation } from '../../http/fetch-metadata.js'
import { redirect } from '../../http/outcome.js'
import { refusalOf, stateMissing } from '../../provider/endpoints/authorization-response.js'
import { idTokenClaims } from '../../session/claims.js'
import { type CallbackResponse, codeMisplaced } from './callback-parameters.js'
import type { CallbackContext, FinishedLogin } from './finished-login.js'
import { startLogin, type LoginParts } from './login.js'
import { loopWindowSeconds } from './loop-guard.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { onwardPage } from '../onward.js'
import { baseUrlOf } from '../base-urls.js'
import { maxTransactions } from './transaction/stored-transactions.js'
import { type FoundTransaction, isRestarted, isSilent, stateKey, type Transaction } from './transaction/transaction.js'

/** The parts of a relying party that answer a callback whose login is gone. */
export type LostLoginParts = LoginParts & RelyingPartyWith<'logins'>

/** One request to the callback. */
interface CallbackCall {
  readonly rp: LostLoginParts
  readonly httpRequest: HttpRequest
  readonly context: Pick<CallbackContext, 'cookies' | 'current'>
  readonly response: CallbackResponse
}

/**
 * Handles the back button after a login, or a second click: if that login is the current session, the browser is
 * redirected to its target again.
 */
export function repeatFinished(
  rp: RelyingPartyWith<'logins' | 'sessionProvider'>,
  { current }: Pick<CallbackContext, 'current'>,
  state: string,
): FinishedLogin | undefined {
  const login = rp.logins.get(stateKey(state))
  if (login?.state !== 'succeeded' || current === undefined) return undefined
  const isSignedIn = current.provider?.key === rp.sessionProvider?.key && login.subject === idTokenClaims(current).sub
  return isSignedIn ? { outcome: redirect(login.returnTo) } : undefined
}

/**
 * Handles a callback that belongs to no login of this browser. Someone who is signed in is redirected home; nothing in
 * the request is used for that, and nothing is changed.
 */
export async function withoutTransaction(
  call: CallbackCall,
  transactions: readonly FoundTransaction[],
): Promise<FinishedLogin> {
  const { rp, httpRequest, context, response } = call
  const { home, paths } = baseUrlOf(rp.baseUrls, httpRequest)
  const finished = repeatFinished(rp, context, response.state)
  if (finished !== undefined) return finished
  // A page that navigates: with a redirect, the next request would not be same-origin.
  if (isSilent(response.state)) return { outcome: onwardPage(rp.configuration.pages.for(httpRequest.source), home) }
  if (context.current !== undefined) return { outcome: redirect(home) }
  if (isWithoutStrictCookies(call))
    return { outcome: onwardPage(rp.configuration.pages.for(httpRequest.source), paths.callback + errorOf(response)) }
  if (response.state === '') return withoutState(call, transactions)
  if (response.isMisplaced) throw codeMisplaced()
  return withUnknownState(call, transactions)
}

/**
 * Starts a login over. If a second attempt fails too, or the person has cancelled, an error is shown instead of a loop.
 * Embedded requests of other pages do not start a login either, since it would replace one in progress.
 *
 * @param lostOne - the login that was lost, with its return target
 * @param isAsked - whether the provider itself asks for another try
 */
export async function startOver(call: CallbackCall, lostOne?: Transaction, isAsked = false): Promise<FinishedLogin> {
  const { rp, httpRequest, context, response } = call
  if (!isAsked && context.current !== undefined && lostOne !== undefined) return { outcome: redirect(lostOne.returnTo) }
  const isWanted = (isAsked || response.error === undefined) && !isDeclaredNonNavigation(httpRequest)
  if (!isWanted) throw transactionLost(lostOne)
  if (isRestarted(response.state)) throw lostAgain(httpRequest, lostOne)
  const { returnTo, maxAge, acrValues, organization } = lostOne ?? {}
  const authorizationParams = organization === undefined ? undefined : { organization }
  const options = { returnTo, maxAge, acrValues, authorizationParams }
  return { outcome: await startLogin(rp, httpRequest, context.cookies, options, true), isBegunAgain: true }
}

// For example, a link in a verification e-mail, a login that the provider started, or a bookmark.
async function withoutState(call: CallbackCall, transactions: readonly FoundTransaction[]): Promise<FinishedLogin> {
  const { rp, response } = call
  if (response.error !== undefined) throw refusalOf(response.error, response.parameters)
  const now = rp.runtime.now() / 1000
  const hasBegunOne = transactions.some(
    ({ transaction }) => isRestarted(transaction.state) && now - transaction.startedAt < loopWindowSeconds,
  )
  if (hasBegunOne || isDeclaredNonNavigation(call.httpRequest)) throw stateMissing()
  return startOver(call)
}

async function withUnknownState(call: CallbackCall, transactions: readonly FoundTransaction[]): Promise<FinishedLogin> {
  if (call.rp.logins.has(stateKey(call.response.state)))
    throw new TransactionError('transaction_used', 'this login has been finished already: start a new one')
  // All transactions of this browser are known, and none of them has been evicted, so the response belongs to another
  // browser.
  const madeRoom =
    transactions.length >= maxTransactions || transactions.some(({ transaction }) => transaction.madeRoom === true)
  if (transactions.length > 0 && !madeRoom) {
    throw new AuthorizationResponseError(
      'state_mismatch',
      'the state belongs to no login of this browser: start the login again',
    )
  }
  if (transactions.some(({ transaction }) => isRestarted(transaction.state))) throw transactionLost(undefined)
  return startOver(call)
}

// Strict cookies are missing on a request from another site. Whether someone is signed in is known only after a
// navigation from a page of ours.
function isWithoutStrictCookies({ rp, httpRequest, context }: CallbackCall): boolean {
  const isStrict = rp.configuration.session.cookie.sameSite === 'Strict'
  return isStrict && context.current === undefined && httpRequest.header('sec-fetch-site') === 'cross-site'
}

function errorOf({ error }: CallbackResponse): string {
  return error === undefined ? '' : `?${new URLSearchParams({ error }).toString()}`
}

function transactionLost(expired: Transaction | undefined): TransactionError {
  return expired === undefined
    ? new TransactionError(
        'transaction_missing',
        'this login is not known to your browser: its cookie was dropped, or it was started in another browser. Start again, with cookies allowed',
      )
    : new TransactionError('transaction_expired', 'this login took longer than ten minutes: start again')
}

// Without a single cookie at the second attempt, the browser is likely to keep none.
function lostAgain({ cookies }: HttpRequest, expired: Transaction | undefined): TransactionError {
  if (expired !== undefined || Object.keys(cookies).length > 0) return transactionLost(expired)
  return new TransactionError('login_loop', 'your browser sends no cookies: allow them for this site, and try again')
}
