import { hash } from 'node:crypto'
import type { ExchangeConfiguration } from '../options/client/schema.js'
import { parseJsonObject } from '../base/json.js'

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
