import {
  type ClientCredentialsConfiguration,
  type ExchangeConfiguration,
  parseTokenExchange,
} from '../options/client/schema.js'
import type { Runtime } from '../base/runtime.js'
import { traced } from '../base/diagnostics.js'
import type { Provider } from '../provider/provider.js'
import { keptToken } from './token-lifetime.js'
import { canonicalTarget, keysFor, noTarget } from './target.js'
import { AccessTokenCache } from './access-token-cache.js'
import { hash } from 'node:crypto'
import { parseJsonObject } from '../base/json.js'

/** Whose exchanges are remembered, and how many of them. */
export type ExchangeSettings = Pick<ClientCredentialsConfiguration, 'issuer' | 'clientId' | 'cacheMaxEntries'>

/** Tokens on somebody's behalf (RFC 8693), remembered by the hash of what they were exchanged for. */
export interface ExchangedTokens {
  /**
   * Exchanges a token, or tells what the same exchange has brought before.
   *
   * @throws {ConfigurationError} `invalid_options`
   * @throws {TokenEndpointError} `invalid_grant`, `token_request_failed`, `token_response_invalid`
   * @throws {ProviderError} for outages, and `provider_refused_client`
   */
  get(options: unknown): string | Promise<string>
  readonly cache: AccessTokenCache
}

/** Creates an empty memory of exchanges. */
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
      const target = canonicalTarget({ scope, resource, audience }, noTarget)
      const actor = actorToken === undefined ? {} : { actor: { token: actorToken, type: actorTokenType } }
      return cache.get(exchangeKey(exchange, keyOf(target)), async () => {
        const sentAt = runtime.now()
        const subject = { token: subjectToken, type: subjectTokenType }
        const grant = { subject, ...actor, target }
        const granted = await traced('token_exchange', settings, () => provider.exchangeToken(grant))
        return keptToken(granted, sentAt, runtime, exchangeEnd(exchange))
      })
    },
  }
}

/**
 * Names an exchange without keeping the tokens that go into it: the caches' keys are all that is left of them.
 *
 * @param target - the canonical target's own key
 */
export function exchangeKey(exchange: ExchangeConfiguration, target: string): string {
  const { subjectToken, subjectTokenType, subjectTokenExpiresAt, actorToken, actorTokenType } = exchange
  const actor = actorToken === undefined ? [] : [fingerprint(actorToken), actorTokenType]
  // Who knows of an end must not get what was kept by one who did not.
  return JSON.stringify([target, fingerprint(subjectToken), subjectTokenType, subjectTokenExpiresAt, ...actor])
}

/**
 * When an exchange's tokens end, in milliseconds since the epoch: as told, and as JWTs say themselves. Those are not
 * verified: what they say can only shorten how long their successor is kept.
 */
export function exchangeEnd(exchange: ExchangeConfiguration): number {
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
