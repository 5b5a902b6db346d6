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
import { baseUrlOf } from '../base-url.js'
import { maxTransactions } from './transaction/stored-transactions.js'
import { type FoundTransaction, isRestarted, isSilent, stateKey, type Transaction } from './transaction/transaction.js'

/** The parts of a relying party that answer a callback whose login is gone. */
export type LostLoginParts = LoginParts & RelyingPartyWith<'logins'>

/** One request to the callback. */
export interface CallbackCall {
  readonly rp: LostLoginParts
  readonly httpRequest: HttpRequest
  readonly context: Pick<CallbackContext, 'cookies' | 'current'>
  readonly response: CallbackResponse
}

/** The back button after a login, or a second click: whoever is signed in by that very login just goes on. */
export function finishedBefore(
  rp: RelyingPartyWith<'logins'>,
  { current }: Pick<CallbackContext, 'current'>,
  state: string,
): FinishedLogin | undefined {
  const login = rp.logins.get(stateKey(state))
  const isSignedIn =
    login?.state === 'succeeded' && current !== undefined && login.subject === idTokenClaims(current).sub
  return isSignedIn ? { outcome: redirect(login.returnTo) } : undefined
}

/**
 * Answers a callback that belongs to no login of this browser. Whoever is signed in goes home, on any process; nothing of the
 * request is used for that, and nothing is changed.
 */
export async function withoutTransaction(
  call: CallbackCall,
  transactions: readonly FoundTransaction[],
): Promise<FinishedLogin> {
  const { rp, httpRequest, context, response } = call
  const { home, paths } = baseUrlOf(rp.baseUrls, httpRequest)
  const finished = finishedBefore(rp, context, response.state)
  if (finished !== undefined) return finished
  // By a navigation of its own: a redirect would not say where it came from.
  if (isSilent(response.state)) return { outcome: onwardPage(home) }
  if (context.current !== undefined) return { outcome: redirect(home) }
  if (isWithoutStrictCookies(call)) return { outcome: onwardPage(paths.callback + errorOf(response)) }
  if (response.state === '') return withoutState(call, transactions)
  if (response.isMisplaced) throw codeMisplaced()
  return withUnknownState(call, transactions)
}

/**
 * Starts a login over. A second attempt that fails too, or one that the person has just cancelled, must explain itself
 * rather than circle. What another page embeds starts no login either: it would take the place of one that a person is at.
 *
 * @param lostOne - the login that ended, with where its person wants to go
 * @param isAsked - the provider itself wants another try
 */
export async function startOver(call: CallbackCall, lostOne?: Transaction, isAsked = false): Promise<FinishedLogin> {
  const { rp, httpRequest, context, response } = call
  if (!isAsked && context.current !== undefined && lostOne !== undefined) return { outcome: redirect(lostOne.returnTo) }
  const isWanted = (isAsked || response.error === undefined) && !isDeclaredNonNavigation(httpRequest)
  if (!isWanted || isRestarted(response.state)) throw transactionLost(lostOne)
  const { returnTo, maxAge, acrValues } = lostOne ?? {}
  const options = { returnTo, maxAge, acrValues }
  return { outcome: await startLogin(rp, httpRequest, context.cookies, options, true) }
}

// Such as the link of a verified e-mail, a login that the provider began, or a bookmark.
async function withoutState(call: CallbackCall, transactions: readonly FoundTransaction[]): Promise<FinishedLogin> {
  const { rp, response } = call
  if (response.error !== undefined) throw refusalOf(response.error)
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
  // Logins are under way here and none of them had to make room for newer ones: this response is somebody else's.
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

// Whether somebody is signed in is known once the browser comes from a page of ours, without what the other site has sent.
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
