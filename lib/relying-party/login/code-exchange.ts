import { TransactionError } from '../../errors.js'
import type { CompletedLogin, OnLoginResult } from '../../options/oidc/options.js'
import { isOneOfSeveral } from '../../options/shared/several-processes.js'
import { warnOfUnsharedRefreshes } from '../../options/oidc/unshared-refreshes.js'
import type { TokenSet } from '../../provider/types.js'
import { idTokenClaims } from '../../session/claims.js'
import type { SessionRecord } from '../../session/record.js'
import type { RelyingParty } from '../relying-party.js'
import { stateKey, type Transaction } from './transaction/transaction.js'

/** The application's `onLogin`, bound to its request. */
export type SessionStart = (login: CompletedLogin) => OnLoginResult | Promise<OnLoginResult>

/**
 * Exchanges the code, once per state however often the callback comes in: a second use would make the provider revoke
 * the tokens of the first (RFC 6749 section 4.1.2). Callbacks at the same moment share one result.
 */
export async function exchangeOnce(
  party: RelyingParty,
  response: URLSearchParams,
  transaction: Transaction,
  context: { readonly start: SessionStart },
): Promise<SessionRecord> {
  const key = stateKey(transaction.state)
  const known = party.logins.get(key)
  if (known?.state === 'running') return known.session
  if (known !== undefined) {
    throw new TransactionError('transaction_used', 'this login has been finished already: start a new one')
  }
  const session = exchange(party, response, transaction, context.start)
  party.logins.set(key, { state: 'running', session })
  try {
    const { sub: subject } = idTokenClaims(await session)
    party.logins.set(key, { state: 'succeeded', subject, returnTo: transaction.returnTo })
  } catch (error) {
    party.logins.set(key, { state: 'failed' })
    throw error
  }
  return session
}

async function exchange(
  party: RelyingParty,
  response: URLSearchParams,
  transaction: Transaction,
  start: SessionStart,
): Promise<SessionRecord> {
  const site = party.sites[transaction.baseUrlIndex] ?? party.sites[0]
  const startedAt = party.platform.now()
  const tokens = await party.provider.exchangeCode({
    ...transaction,
    response,
    redirectUri: site.redirectUri,
    scope: party.configuration.scope,
  })
  const { idTokenClaims: claims, idToken, accessToken, scope } = tokens
  const data = await start({ claims, idToken, accessToken, scope })
  if (data === false) throw new TransactionError('login_refused', 'this account may not sign in here')
  return newSession(party, startedAt, tokens, typeof data === 'object' ? data : {})
}

// A login never continues what was there before it: new id, no old data (session fixation, CWE-384).
function newSession(
  party: RelyingParty,
  startedAt: number,
  tokens: TokenSet,
  data: Readonly<Record<string, unknown>>,
): SessionRecord {
  const { configuration } = party
  // What the application's own session lies in is seen where the login is put there.
  const isKept = tokens.refreshToken !== undefined && configuration.session.use !== 'request'
  if (isKept) warnOfUnsharedRefreshes(configuration, isOneOfSeveral(), true)
  const now = Math.floor(party.platform.now() / 1000)
  return {
    id: party.platform.randomBytes(32).toString('base64url'),
    createdAt: startedAt / 1000,
    touchedAt: now,
    idToken: tokens.idToken,
    tokens: {
      accessToken: tokens.accessToken,
      tokenType: tokens.tokenType,
      scope: tokens.scope,
      obtainedAt: now,
      ...(tokens.accessTokenExpiresAt === undefined ? {} : { expiresAt: tokens.accessTokenExpiresAt }),
      ...(tokens.refreshToken === undefined ? {} : { refreshToken: tokens.refreshToken }),
    },
    data,
  }
}
