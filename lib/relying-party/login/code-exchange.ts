import { nowSeconds } from '../../base/runtime.js'
import { type JsonObject, omitUndefined } from '../../base/json.js'
import { ConfigurationError, TokenEndpointError, TransactionError } from '../../errors.js'
import type { CompletedLogin, CurrentLogin } from '../../options/oidc/callbacks.js'
import { isOneOfSeveral } from '../../options/common/several-processes.js'
import { warnOfUnsharedRefreshes } from '../../options/oidc/unshared-refreshes.js'
import type {
  AuthorizationResponse,
  ValidatedAuthorizationResponse,
} from '../../provider/endpoints/authorization-response.js'
import type { TokenSet } from '../../provider/types.js'
import { addedClaims, idTokenClaims, sessionClaims, withUserinfo } from '../../session/claims.js'
import type { SessionRecord } from '../../session/record.js'
import type { RelyingPartyWith } from '../relying-party.js'
import type { BegunSession } from '../application.js'
import { requireOrganization } from './organization.js'
import { unverifiedParameters } from './unverified.js'
import { stateKey, type Transaction } from './transaction/transaction.js'

/** The parts of a relying party that exchange a code. */
export type CodeExchangeParts = RelyingPartyWith<
  'baseUrls' | 'configuration' | 'logins' | 'runtime' | 'sessionProvider',
  'exchangeCode' | 'userinfo'
>

/** The checked result of the application's `onLogin`. Its target is not checked yet. */
export interface CheckedResult {
  readonly data: Readonly<JsonObject>
  readonly returnTo?: string
  readonly remember?: boolean
}

/** The application's `onLogin`, bound to its request. `false` refuses the login. */
export type SessionStart = (login: CompletedLogin) => Promise<CheckedResult | false>

/** What an exchange needs in addition to the validated response. */
interface ExchangeContext {
  readonly start: SessionStart
  /** Checks a target that the application returns. */
  readonly targetOf: (returnTo: string) => string | undefined
  readonly current: SessionRecord | undefined
  /** The response as received. */
  readonly response: Pick<AuthorizationResponse, 'parameters'>
}

/**
 * Exchanges the code once per state, even if the callback is called again: a second use would make the provider revoke
 * the tokens of the first (RFC 6749 section 4.1.2). Concurrent callbacks share one result.
 */
export async function exchangeOnce(
  rp: CodeExchangeParts,
  response: ValidatedAuthorizationResponse,
  transaction: Transaction,
  context: ExchangeContext,
): Promise<BegunSession> {
  const key = stateKey(transaction.state)
  const known = rp.logins.get(key)
  if (known?.state === 'running') return known.begun
  if (known !== undefined) {
    throw new TransactionError('transaction_used', 'this login has been finished already: start a new one')
  }
  const begun = exchange(rp, response, transaction, context)
  rp.logins.set(key, { state: 'running', begun })
  try {
    const { session, returnTo } = await begun
    rp.logins.set(key, { state: 'succeeded', subject: idTokenClaims(session).sub, returnTo })
  } catch (error) {
    rp.logins.set(key, { state: 'failed' })
    throw error
  }
  return begun
}

async function exchange(
  rp: CodeExchangeParts,
  response: ValidatedAuthorizationResponse,
  transaction: Transaction,
  context: ExchangeContext,
): Promise<BegunSession> {
  const base = rp.baseUrls.at(transaction.baseUrlKey)
  const startedAt = rp.runtime.now()
  const tokens = await rp.provider.exchangeCode({
    ...transaction,
    response,
    redirectUri: base.redirectUri,
    scope: rp.configuration.scope,
  })
  requireOrganization(tokens.idTokenClaims, transaction.organization)
  const { idToken, accessToken, scope } = tokens
  const userinfo = rp.configuration.userinfo ? await userinfoAtLogin(rp, tokens) : undefined
  const claims = withUserinfo(tokens.idTokenClaims, userinfo)
  const unverified = unverifiedParameters(context.response.parameters)
  const { returnTo } = transaction
  const { authorizationDetails } = tokens
  const granted = { idToken, accessToken, scope, ...omitUndefined({ authorizationDetails }) }
  const login = { claims, ...granted, unverified, returnTo, ...circumstances(rp, context) }
  const result = await context.start(login)
  if (result === false) throw new TransactionError('login_refused', 'this account may not sign in here')
  return {
    returnTo: result.returnTo === undefined ? returnTo : allowedTarget(context, result.returnTo),
    session: newSession(rp, startedAt, { ...tokens, userinfo }, result),
  }
}

function allowedTarget({ targetOf }: ExchangeContext, wanted: string): string {
  const target = targetOf(wanted)
  if (target !== undefined) return target
  const message =
    'onLogin() returned a "returnTo" where people may not be sent to: it must be a path of this application other than its login and logout, or a URL at one of the origins in "returnTo.origins"'
  throw new ConfigurationError('invalid_options', message)
}

function circumstances(
  { sessionProvider }: CodeExchangeParts,
  { current }: ExchangeContext,
): Pick<CompletedLogin, 'provider' | 'current'> {
  return {
    ...(sessionProvider === undefined ? {} : { provider: sessionProvider.name }),
    ...(current === undefined ? {} : { current: currentLogin(current) }),
  }
}

function currentLogin(record: SessionRecord): CurrentLogin {
  const { provider, data } = record
  return { claims: sessionClaims(record), data, ...(provider === undefined ? {} : { provider: provider.name }) }
}

// A login without these claims would be one with fewer roles than the person has, or with fewer restrictions.
async function userinfoAtLogin(
  { provider }: CodeExchangeParts,
  { accessToken, idTokenClaims: claims }: TokenSet,
): Promise<Readonly<JsonObject>> {
  if (accessToken !== undefined)
    return addedClaims(claims, await provider.userinfo(accessToken, claims.sub, claims.iss))
  const message =
    'the provider gave no access token, which oidc({ userinfo: true }) needs: request a scope that brings one'
  throw new TokenEndpointError('token_response_invalid', message)
}

type LoginTokens = TokenSet & { readonly userinfo: Readonly<JsonObject> | undefined }

// A login always creates a new session: a new ID and no old data (session fixation, CWE-384).
function newSession(
  rp: CodeExchangeParts,
  startedAt: number,
  tokens: LoginTokens,
  { data, remember }: CheckedResult,
): SessionRecord {
  const { configuration } = rp
  // For sessions in `req.session`, the warning follows when the session is stored: the store is only known then.
  const isKept = tokens.refreshToken !== undefined && configuration.session.use !== 'request'
  if (isKept) warnOfUnsharedRefreshes(configuration, isOneOfSeveral(), true)
  const now = nowSeconds(rp.runtime)
  const { accessToken, tokenType, scope, expiresAt, refreshToken, authorizationDetails } = tokens
  return {
    id: rp.runtime.randomBytes(32).toString('base64url'),
    createdAt: startedAt / 1000,
    touchedAt: now,
    idToken: tokens.idToken,
    tokens: {
      tokenType,
      scope,
      obtainedAt: now,
      ...omitUndefined({ accessToken, expiresAt, refreshToken, authorizationDetails }),
    },
    ...(rp.sessionProvider === undefined ? {} : { provider: rp.sessionProvider }),
    ...(tokens.userinfo === undefined ? {} : { userinfo: tokens.userinfo, userinfoAt: now }),
    ...(isByDefault(configuration, remember) ? {} : { remember }),
    data,
  }
}

// Nearly all sessions are as the options say, and cookies have little room. In `req.session`, the options do not say it.
function isByDefault(
  { session }: CodeExchangeParts['configuration'],
  remember: boolean | undefined,
): remember is undefined {
  return remember === undefined || (session.use !== 'request' && remember !== session.cookie.transient)
}
