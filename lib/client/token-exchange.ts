import {
  type ClientCredentialsConfiguration,
  type ExchangeConfiguration,
  parseAssertion,
  parseTokenExchange,
} from '../options/client/schema.js'
import type { Runtime } from '../base/runtime.js'
import { traced } from '../base/diagnostics.js'
import type { AssertionGrant } from '../provider/grants/jwt-bearer.js'
import type { TokenExchange } from '../provider/grants/token-exchange.js'
import type { Provider } from '../provider/provider.js'
import type { GrantedTokens } from '../provider/types.js'
import { toCachedToken } from './token-lifetime.js'
import { canonicalTarget, keysFor, defaultTarget, tokenHash } from './target.js'
import { AccessTokenCache } from './access-token-cache.js'
import { parseJsonObject } from '../base/json.js'

/** Whose exchanges are cached, and how many of them. */
type ExchangeSettings = Pick<ClientCredentialsConfiguration, 'issuer' | 'clientId' | 'cacheMaxEntries'> &
  Partial<Pick<ClientCredentialsConfiguration, 'params'>>

/** Tokens on behalf of people, cached by the hashes of the tokens that they were issued for. */
export interface ExchangedTokens {
  /**
   * Exchanges a token (RFC 8693), or returns the cached result of the same exchange.
   *
   * @throws {ConfigurationError} `invalid_options`
   * @throws {TokenEndpointError} `invalid_grant`, `interaction_required`, `token_request_failed`, `token_response_invalid`
   * @throws {ProviderError} for outages, and `provider_refused_client`
   */
  get(options: unknown): string | Promise<string>
  /**
   * Redeems an assertion (RFC 7523), or returns the cached result of the same request.
   *
   * @throws like {@link ExchangedTokens.get}
   */
  redeem(options: unknown, use?: AssertionGrant['use']): string | Promise<string>
  readonly cache: AccessTokenCache
}

/** Creates the exchange with an empty cache. */
export function createExchangedTokens(
  settings: ExchangeSettings,
  provider: Pick<Provider, 'exchangeToken' | 'redeemAssertion'>,
  runtime: Runtime,
): ExchangedTokens {
  const cache = new AccessTokenCache(settings.cacheMaxEntries, runtime)
  const keyOf = keysFor(settings)
  const { params } = settings
  const obtain = (request: () => Promise<GrantedTokens>, endOf: () => number) => async () => {
    const sentAt = runtime.now()
    return toCachedToken(await traced('token_exchange', settings, request), sentAt, runtime, endOf())
  }
  return {
    cache,
    get: (options) => {
      const exchange = parseTokenExchange(options)
      const grant = { ...grantOf(exchange), params }
      const request = obtain(
        () => provider.exchangeToken(grant),
        () => exchangeEnd(exchange),
      )
      return cache.get(exchangeKey(exchange, keyOf(grant.target)), request)
    },
    redeem: (options, use) => {
      const { assertion, assertionExpiresAt: expiresAt, ...names } = parseAssertion(options)
      const target = canonicalTarget(names, defaultTarget)
      const request = obtain(
        () => provider.redeemAssertion({ assertion, use, target, params }),
        () => endOf(expiresAt, assertion),
      )
      return cache.get(JSON.stringify([keyOf(target), 'assertion', use, tokenHash(assertion), expiresAt]), request)
    },
  }
}

function grantOf(exchange: ExchangeConfiguration): TokenExchange {
  const { scope, resource, audience, authorizationDetails } = exchange
  const { subjectToken, subjectTokenType, actorToken, actorTokenType } = exchange
  return {
    subject: { token: subjectToken, type: subjectTokenType },
    ...(actorToken === undefined ? {} : { actor: { token: actorToken, type: actorTokenType } }),
    requestedType: exchange.requestedTokenType,
    target: canonicalTarget({ scope, resource, audience, authorizationDetails }, defaultTarget),
  }
}

/**
 * Makes the cache key of an exchange. It has hashes in place of the tokens, so the cache does not keep them.
 *
 * @param target - the key of the canonical target
 */
function exchangeKey(exchange: ExchangeConfiguration, target: string): string {
  const { subjectToken, subjectTokenType, subjectTokenExpiresAt, actorToken, actorTokenType } = exchange
  const subject = [tokenHash(subjectToken), subjectTokenType, subjectTokenExpiresAt]
  const actor = actorToken === undefined ? [] : [tokenHash(actorToken), actorTokenType]
  // The given expiry is part of the key: a caller that knows it must not get a token cached without it.
  return JSON.stringify([target, ...subject, exchange.requestedTokenType, ...actor])
}

function exchangeEnd({ subjectToken, subjectTokenExpiresAt, actorToken = '' }: ExchangeConfiguration): number {
  return endOf(subjectTokenExpiresAt, subjectToken, actorToken)
}

/**
 * When the new token expires at the latest, in milliseconds since the epoch: the earliest of the given expiry and the `exp` of
 * tokens that are JWTs. These are not verified, since they can only shorten how long the result is cached.
 */
function endOf(expiresAt = Infinity, ...tokens: readonly string[]): number {
  return 1000 * Math.min(expiresAt, ...tokens.map(unverifiedExpiry))
}

function unverifiedExpiry(token: string): number {
  const [, payload = '', ...rest] = token.split('.')
  if (rest.length !== 1) return Infinity
  const expiry = parseJsonObject(Buffer.from(payload, 'base64url').toString())?.['exp']
  return typeof expiry === 'number' ? expiry : Infinity
}
