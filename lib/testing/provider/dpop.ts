import { hash } from 'node:crypto'
import { isJsonObject } from '../../base/json.js'
import { isRecent } from '../../base/age.js'
import { importKeySet, jwkThumbprint } from '../../jose/jwk-set.js'
import { type Jws, decodeJws, verifySignature } from '../../jose/jws.js'
import { dpopAlgorithms } from '../../options/common/private-key.js'
import { OAuthError, type ProviderRequest } from './answers.js'
import type { ProviderState } from './state.js'

/**
 * The thumbprint of the key that a request proves (RFC 9449 section 4.3); `undefined` if it proves none.
 *
 * @param accessToken - that the request presents
 */
export function provedKey(
  { clock, usedProofs }: ProviderState,
  { method, url, headers }: ProviderRequest,
  accessToken?: string,
): string | undefined {
  const proof = headers.get('dpop')
  if (proof === null) return undefined
  const { jws, thumbprint } = verifiedProof(proof)
  const { jti, htm, htu, iat, ath } = jws.payload
  const isBound = accessToken === undefined || ath === hash('sha256', accessToken, 'base64url')
  const isHere = htm === method && htu === url.origin + url.pathname && isRecent(iat, clock.seconds, 300, 30)
  if (!isBound || !isHere || typeof jti !== 'string') throw invalid('is for another request')
  if (usedProofs.has(jti)) throw invalid('was used before')
  usedProofs.add(jti)
  return thumbprint
}

function verifiedProof(proof: string): { readonly jws: Jws; readonly thumbprint: string } {
  const jws = decodeJws(proof)
  const { jwk, alg, typ } = jws.header
  const keys = importKeySet({ keys: [jwk] })
    ?.keys.get(alg)
    ?.get(undefined)
  if (typ !== 'dpop+jwt' || keys === undefined || !isJsonObject(jwk)) throw invalid('has no usable key')
  verifySignature(jws, keys, dpopAlgorithms)
  return { jws, thumbprint: jwkThumbprint(jwk) }
}

function invalid(why: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', `the proof ${why}`)
}
