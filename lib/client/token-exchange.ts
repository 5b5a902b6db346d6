import {
  type ClientCredentialsConfiguration,
  type ExchangeConfiguration,
  parseTokenExchange,
} from '../options/client/schema.js'
import type { Runtime } from '../base/runtime.js'
import { traced } from '../base/diagnostics.js'
import type { Provider } from '../provider/provider.js'
import { toCachedToken } from './token-lifetime.js'
import { canonicalTarget, keysFor, defaultTarget } from './target.js'
import { AccessTokenCache } from './access-token-cache.js'
import { hash } from 'node:crypto'
import { parseJsonObject } from '../base/json.js'

/** Whose exchanges are cached, and how many of them. */
type ExchangeSettings = Pick<ClientCredentialsConfiguration, 'issuer' | 'clientId' | 'cacheMaxEntries'> &
  Partial<Pick<ClientCredentialsConfiguration, 'params'>>

/** Exchanged tokens (RFC 8693), cached by the hashes of the tokens that they were exchanged for. */
export interface ExchangedTokens {
  /**
   * Exchanges a token, or returns the cached result of the same exchange.
   *
   * @throws {ConfigurationError} `invalid_options`
   * @throws {TokenEndpointError} `invalid_grant`, `token_request_failed`, `token_response_invalid`
   * @throws {ProviderError} for outages, and `provider_refused_client`
   */
  get(options: unknown): string | Promise<string>
  readonly cache: AccessTokenCache
}

/** Creates the exchange with an empty cache. */
export function createExchangedTokens(
  settings: ExchangeSettings,
  provider: Pick<Provider, 'exchangeToken'>,
  runtime: Runtime,
): ExchangedTokens {
  const cache = new AccessTokenCache(settings.cacheMaxEntries, runtime)
  const keyOf = keysFor(settings)
  return {
    cache,
    get: (options) => {
      const exchange = parseTokenExchange(options)
      const { scope, resource, audience, subjectToken, subjectTokenType, actorToken, actorTokenType } = exchange
      const { requestedTokenType: requestedType } = exchange
      const target = canonicalTarget({ scope, resource, audience }, defaultTarget)
      const actor = actorToken === undefined ? {} : { actor: { token: actorToken, type: actorTokenType } }
      return cache.get(exchangeKey(exchange, keyOf(target)), async () => {
        const sentAt = runtime.now()
        const subject = { token: subjectToken, type: subjectTokenType }
        const grant = { subject, ...actor, target, requestedType, params: settings.params }
        const granted = await traced('token_exchange', settings, () => provider.exchangeToken(grant))
        return toCachedToken(granted, sentAt, runtime, exchangeEnd(exchange))
      })
    },
  }
}

/**
 * Makes the cache key of an exchange. It has hashes in place of the tokens, so the cache does not keep them.
 *
 * @param target - the key of the canonical target
 */
function exchangeKey(exchange: ExchangeConfiguration, target: string): string {
  const { subjectToken, subjectTokenType, subjectTokenExpiresAt, actorToken, actorTokenType } = exchange
  const subject = [fingerprint(subjectToken), subjectTokenType, subjectTokenExpiresAt]
  const actor = actorToken === undefined ? [] : [fingerprint(actorToken), actorTokenType]
  // The given expiry is part of the key: a caller that knows it must not get a token cached without it.
  return JSON.stringify([target, ...subject, exchange.requestedTokenType, ...actor])
}

/**
 * When the exchanged tokens expire, in milliseconds since the epoch: the earliest of the given expiry and the `exp` of
 * tokens that are JWTs. These are not verified, since they can only shorten how long the result is cached.
 */
function exchangeEnd(exchange: ExchangeConfiguration): number {
  const { subjectToken, subjectTokenExpiresAt = Infinity, actorToken = '' } = exchange
  return 1000 * Math.min(subjectTokenExpiresAt, unverifiedExpiry(subjectToken), unverifiedExpiry(actorToken))
}

function unverifiedExpiry(token: string): number {
  const [, payload = '', ...rest] = token.split('.')
  if (rest.length !== 1) return Infinity
  const expiry = parseJsonObject(Buffer.from(payload, 'base64url').toString())?.['exp']
  return typeof expiry === 'number' ? expiry : Infinity
}

function fingerprint(token: string): string {
  return hash('sha256', token, 'base64url')
}
