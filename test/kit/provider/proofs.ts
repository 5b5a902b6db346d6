import { type JWTPayload, type ProtectedHeaderParameters, calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'
import { signingKey } from './keys.js'
import type { Clock } from '../clock.js'

/** The application's key, as its option takes it. */
export const holderKey = signingKey('ES256')
export const holderPem = holderKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** A proof that jose has verified, with the thumbprint of its key. */
export interface Proof {
  readonly header: ProtectedHeaderParameters
  readonly payload: JWTPayload
  readonly jkt: string
}

/** Has jose verify the proof of a request, at the clock's time. */
export async function proofOf(headers: Headers, clock?: Clock): Promise<Proof> {
  const when = clock === undefined ? {} : { currentDate: new Date(clock.now()) }
  const options = { typ: 'dpop+jwt', maxTokenAge: 60, requiredClaims: ['jti', 'htm', 'htu', 'iat'], ...when }
  const { payload, protectedHeader } = await jwtVerify(headers.get('dpop') ?? '', EmbeddedJWK, options)
  const { jwk } = protectedHeader
  if (jwk === undefined) throw new Error('the proof has no key')
  return { header: protectedHeader, payload, jkt: await calculateJwkThumbprint(jwk) }
}

/** A token endpoint that wants this nonce in proofs. */
export function wantsNonce(nonce: string, answer: (headers: Headers) => Response | Promise<Response>) {
  return async ({ headers }: { readonly headers: Headers }): Promise<Response> => {
    const { payload } = await jwtVerify(headers.get('dpop') ?? '', EmbeddedJWK, { currentDate: new Date(0) })
    if (payload['nonce'] === nonce) return answer(headers)
    return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'dpop-nonce': nonce } })
  }
}
