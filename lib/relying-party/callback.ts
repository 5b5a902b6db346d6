import { AuthorizationResponseError, TransactionError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { isDeclaredNonNavigation } from '../http/navigation.js'
import { type Outcome, redirect } from '../http/outcome.js'
import { safeReturnTo } from '../http/return-to.js'
import { idTokenClaims } from '../session/claims.js'
import type { SessionRecord } from '../session/record.js'
import { type AuthorizationResponse, readResponse } from './authorization-response.js'
import { exchangeOnce, type SessionStart } from './code-exchange.js'
import { startLogin } from './login.js'
import type { RelyingParty } from './party.js'
import { onwardPage } from './onward.js'
import { isSilentRefusal } from './silent-login.js'
import { siteOf } from './site.js'
import {
  findTransaction,
  type FoundTransaction,
  isRestarted,
  isSilent,
  mostTransactions,
  openTransactions,
  stateKey,
  type Transaction,
  type TransactionCookies,
} from './transaction.js'

/** How a callback ended: where to go, and the session that begins. */
export interface FinishedLogin {
  readonly outcome: Outcome
  readonly session?: SessionRecord
}

/** What is known of a login as soon as its response has come. */
export interface LoginUnderWay {
  /** Where it is to end. */
  readonly returnTo: string
  /** Nobody has asked for it. */
  readonly isSilent: boolean
}

/** What a callback needs beside the request. */
export interface CallbackContext {
  readonly cookies: TransactionCookies
  /** The session that the browser has already. */
  readonly current: SessionRecord | undefined
  /** Told of the login that the response belongs to, before anything of it can fail. */
  readonly found?: (login: LoginUnderWay) => void
  /** Turns validated tokens into the session, or refuses. */
  readonly start: SessionStart
}

/**
 * Finishes a login (OpenID Connect Core sections 3.1.2.5 to 3.1.3.7).
 *
 * The transaction is consumed before anything can fail, so that nothing works twice. Where it is gone or too old, the
 * login is started over once; a person who is signed in already is left alone.
 *
 * @throws {AuthorizationResponseError} the person or the provider refused, or the response breaks a rule
 * @throws {TransactionError} there is no login that this response belongs to
 * @throws {TokenValidationError} the ID Token is not acceptable
 * @throws {ProviderError} the provider is away
 */
export async function finishLogin(
  party: RelyingParty,
  exchange: Exchange,
  context: CallbackContext,
): Promise<FinishedLogin> {
  const formPost = party.configuration.authorizationParams['response_mode'] === 'form_post'
  const response = await readResponse(exchange, formPost)
  const transactions = openTransactions(party.transactionSeal, context.cookies)
  const found = findTransaction(response.state, transactions)
  if (found === undefined) return withoutTransaction(party, exchange, context, response, transactions)
  context.cookies.remove(found.slot)
  const finished = finishedBefore(party, context, response)
  if (finished !== undefined) return finished
  const { transaction } = found
  const target = returnTarget(party, transaction)
  context.found?.({ returnTo: target, isSilent: isSilent(response.state) })
  const outcome = redirect(target)
  if (found.expired)
    return isSilent(response.state) ? { outcome } : startOver(party, exchange, context, response, transaction)
  try {
    await party.provider.validateResponse(response.parameters, transaction.state)
    return { outcome, session: await exchangeOnce(party, response.parameters, transaction, context) }
  } catch (error) {
    if (isSilent(response.state) && isSilentRefusal(error)) return { outcome }
    throw error
  }
}

// The back button after a login, or a second click: whoever is signed in by that very login just goes on.
function finishedBefore(
  party: RelyingParty,
  context: CallbackContext,
  response: AuthorizationResponse,
): FinishedLogin | undefined {
  const login = party.logins.get(stateKey(response.state))
  const isSignedIn = login?.state === 'succeeded' && login.subject === subjectOf(context.current)
  return isSignedIn ? { outcome: redirect(login.returnTo) } : undefined
}

async function withoutTransaction(
  party: RelyingParty,
  exchange: Exchange,
  context: CallbackContext,
  response: AuthorizationResponse,
  transactions: readonly FoundTransaction[],
): Promise<FinishedLogin> {
  const finished = finishedBefore(party, context, response)
  if (finished !== undefined) return finished
  // By a navigation of its own: a redirect would not say where it came from.
  if (isSilent(response.state)) return { outcome: onwardPage(siteOf(party.sites, exchange).home) }
  if (party.logins.has(stateKey(response.state)))
    throw new TransactionError('transaction_used', 'this login has been finished already: start a new one')
  // Logins are under way here and none of them had to make room for newer ones: this response is somebody else's.
  if (transactions.length > 0 && transactions.length < mostTransactions) {
    throw new AuthorizationResponseError(
      'state_mismatch',
      'the state belongs to no login of this browser: start the login again',
    )
  }
  if (transactions.some(({ transaction }) => isRestarted(transaction.state))) throw lost(undefined)
  return startOver(party, exchange, context, response)
}

// A second attempt that fails too, or one that the person has just cancelled, must explain itself rather than circle. What
// another page embeds starts no login either: it would take the place of one that a person is at.
async function startOver(
  party: RelyingParty,
  exchange: Exchange,
  context: CallbackContext,
  response: AuthorizationResponse,
  expired?: Transaction,
): Promise<FinishedLogin> {
  const isWanted = context.current === undefined && !response.isError && !isDeclaredNonNavigation(exchange)
  if (!isWanted || isRestarted(response.state)) throw lost(expired)
  return { outcome: await startLogin(party, exchange, context.cookies, { returnTo: expired?.returnTo }, true) }
}

function lost(expired: Transaction | undefined): TransactionError {
  return expired === undefined
    ? new TransactionError(
        'transaction_missing',
        'this login is not known to your browser: its cookie was dropped, or it was started in another browser. Start again, with cookies allowed',
      )
    : new TransactionError('transaction_expired', 'this login took longer than ten minutes: start again')
}

function returnTarget(party: RelyingParty, transaction: Transaction): string {
  const site = party.sites[transaction.baseUrlIndex] ?? party.sites[0]
  return safeReturnTo(transaction.returnTo, site.returnTo) ?? site.home
}

function subjectOf(session: SessionRecord | undefined): string | undefined {
  return session === undefined ? undefined : idTokenClaims(session).sub
}
