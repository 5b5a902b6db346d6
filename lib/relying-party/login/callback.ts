import { AuthorizationResponseError, ProviderError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { type Outcome, redirect } from '../../http/outcome.js'
import { usesFormPost, isSignedResponse } from '../../options/oidc/fields.js'
import { safeReturnTo } from '../../http/return-to.js'
import { type CallbackResponse, codeMisplaced, readCallback } from './callback-parameters.js'
import { type CodeExchangeParts, exchangeOnce } from './code-exchange.js'
import type { CallbackContext, FinishedLogin } from './finished-login.js'
import { repeatFinished, startOver, withoutTransaction, type LostLoginParts } from './lost-login.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { onwardPage } from '../onward.js'
import { recallTarget } from './transaction/return-target.js'
import { isSilentRefusal } from './silent-login.js'
import { publicPath } from '../base-url.js'
import {
  findTransaction,
  type FoundTransaction,
  isRestarted,
  isSilent,
  openTransactions,
  type Transaction,
} from './transaction/transaction.js'

/** The parts of a relying party that finish a login. */
type CallbackParts = LostLoginParts &
  CodeExchangeParts &
  RelyingPartyWith<never, 'openSignedResponse' | 'validateResponse'>

/**
 * Finishes a login (OpenID Connect Core sections 3.1.2.5 to 3.1.3.7).
 *
 * The transaction is consumed before anything can fail, so a response works only once. If the transaction is missing or
 * expired, the login is started over once; someone who is already signed in stays signed in.
 *
 * @throws {AuthorizationResponseError} the person or the provider refused, or the response is malformed
 * @throws {TransactionError} the response does not belong to a login of this browser
 * @throws {TokenValidationError} the ID Token is invalid
 * @throws {ProviderError} the provider is unavailable
 */
export async function finishLogin(
  rp: CallbackParts,
  httpRequest: HttpRequest,
  context: CallbackContext,
): Promise<FinishedLogin> {
  const open = isSignedResponse(rp.configuration) ? rp.provider.openSignedResponse : undefined
  const response = await readCallback(httpRequest, usesFormPost(rp.configuration), open)
  const isSilentLogin = isSilent(response.state)
  if (response.problem !== undefined && !isSilentLogin) throw response.problem
  const transactions = openTransactions(rp.transactionSeal, context.cookies).filter(({ transaction }) =>
    rp.baseUrls.isFittingEnd(transaction.baseUrlKey, httpRequest),
  )
  const found = findTransaction(response.state, transactions)
  if (found === undefined) return withoutTransaction({ rp, httpRequest, context, response }, transactions)
  if (found.transaction.provider !== rp.sessionProvider?.key) throw responseOfAnother()
  if (response.isMisplaced && !isSilentLogin) throw codeMisplaced()
  context.cookies.remove(found.slot)
  const { returnTo, isLost } = await recallTarget(rp, context.cookies, found.transaction)
  const transaction = {
    ...found.transaction,
    returnTo: returnTarget(rp, httpRequest, { ...found.transaction, returnTo }),
  }
  const finished = await finishFound(rp, httpRequest, { ...context, response }, { ...found, transaction })
  return isLost ? { ...finished, isTargetLost: true } : finished
}

// The login stays usable at its own provider (RFC 9700 section 4.4.2).
function responseOfAnother(): AuthorizationResponseError {
  const message =
    'this login was sent to another provider than the one that responds, or the options of the provider have changed: start again'
  return new AuthorizationResponseError('issuer_mismatch', message)
}

interface AnsweredContext extends CallbackContext {
  readonly response: CallbackResponse
}

async function finishFound(
  rp: CallbackParts,
  httpRequest: HttpRequest,
  context: AnsweredContext,
  { transaction, expired }: FoundTransaction,
): Promise<FinishedLogin> {
  const { response } = context
  const finished = repeatFinished(rp, context, response.state)
  if (finished !== undefined) return finished
  const { returnTo: target, maxAge, acrValues } = transaction
  const hasExpectations = maxAge !== undefined || acrValues !== undefined
  context.found?.({ returnTo: target, isSilent: isSilent(response.state), hasExpectations })
  requireWellFormed(response)
  const outcome = goTo(rp, httpRequest, transaction.returnTo)
  const call = { rp, httpRequest, context, response }
  if (expired) return isSilent(response.state) ? { outcome } : startOver(call, transaction)
  try {
    const validated = await rp.provider.validateResponse(response, transaction.state)
    const targetOf = (wanted: string): string | undefined => targetAt(rp, httpRequest, transaction.baseUrlKey, wanted)
    const { session, returnTo } = await exchangeOnce(rp, validated, transaction, { ...context, targetOf })
    return { outcome: goTo(rp, httpRequest, returnTo), session }
  } catch (error) {
    if (isSilent(response.state) && isSilentRefusal(error)) return { outcome }
    if (isSignedInElsewhere(response, error) && !isRestarted(response.state)) return startOver(call, transaction, true)
    throw error
  }
}

// Only silent logins get here with a problem. Throwing reports it to tracing channels; the person is then redirected
// back.
function requireWellFormed({ problem, isMisplaced }: CallbackResponse): void {
  if (problem !== undefined) throw problem
  if (isMisplaced) throw codeMisplaced()
}

// Keycloak sends this when another tab has finished the login meanwhile. It is not an outage, and the next try works.
function isSignedInElsewhere({ error, parameters }: CallbackResponse, thrown: unknown): boolean {
  if (!(thrown instanceof ProviderError) || error !== 'temporarily_unavailable') return false
  return parameters.get('error_description') === 'authentication_expired'
}

// Browsers send no Strict cookies with a chain of redirects that another site began (RFC 6265bis section 8.8.2), so a
// page of ours navigates in place of a redirect.
function goTo({ configuration }: CallbackParts, { source }: HttpRequest, location: string): Outcome {
  return configuration.session.cookie.sameSite === 'Strict'
    ? onwardPage(configuration.pages.for(source), location)
    : redirect(location)
}

function returnTarget(rp: CallbackParts, httpRequest: HttpRequest, { baseUrlKey, returnTo }: Transaction): string {
  return targetAt(rp, httpRequest, baseUrlKey, returnTo) ?? rp.baseUrls.at(baseUrlKey).home
}

// If a proxy has removed the prefix from this path, it has also removed it from the path of the page to return to.
function targetAt(
  rp: CallbackParts,
  httpRequest: HttpRequest,
  baseUrlKey: Transaction['baseUrlKey'],
  wanted: string,
): string | undefined {
  const base = rp.baseUrls.at(baseUrlKey)
  const isStripped = publicPath(base, httpRequest.path) !== httpRequest.path
  return safeReturnTo(isStripped && wanted.startsWith('/') ? publicPath(base, wanted) : wanted, base.returnTo)
}
