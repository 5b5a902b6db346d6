import { createHash } from 'node:crypto'
import type { ExchangeConfiguration } from '../options/client-schema.js'
import { parseJsonObject } from '../seal/json.js'

/**
 * Names an exchange without keeping the tokens that go into it: the caches' keys are all that is left of them.
 *
 * @param target - the canonical target's own key
 */
export function exchangeKey(exchange: ExchangeConfiguration, target: string): string {
  const { subjectToken, subjectTokenType, actorToken, actorTokenType } = exchange
  const actor = actorToken === undefined ? [] : [fingerprint(actorToken), actorTokenType]
  return JSON.stringify([target, fingerprint(subjectToken), subjectTokenType, ...actor])
}

/**
 * When a subject token ends, in milliseconds since the epoch: as told, and as a JWT says itself. The JWT is not verified:
 * what it says can only shorten how long its successor is kept.
 */
export function subjectEnd({ subjectToken, subjectTokenExpiresAt = Infinity }: ExchangeConfiguration): number {
  return 1000 * Math.min(subjectTokenExpiresAt, unverifiedExpiry(subjectToken))
}

function unverifiedExpiry(token: string): number {
  const [, payload = '', ...rest] = token.split('.')
  if (rest.length !== 1) return Infinity
  const expiry = parseJsonObject(Buffer.from(payload, 'base64url').toString())?.['exp']
  return typeof expiry === 'number' ? expiry : Infinity
}

function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
