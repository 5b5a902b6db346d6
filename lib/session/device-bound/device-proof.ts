import type { JsonObject } from '../../base/json.js'
import { isJsonObject } from '../../base/json.js'
import { parseUrl } from '../../base/url.js'
import { SessionError, TokenValidationError } from '../../errors.js'
import type { VerificationKey } from '../../jose/algorithms.js'
import { importKeySet, jwkThumbprint } from '../../jose/jwk-set.js'
import { decodeJws, type Jws, requireAlgorithm, verifySignature } from '../../jose/jws.js'

/** Algorithms of device keys: those that browsers know. */
export const deviceAlgorithms = ['ES256', 'RS256'] as const

// With an RSA key of 8192 bits, the largest that is accepted, a proof takes about 3500 characters.
const maxProofLength = 4096

/** A decoded proof. Nothing in it can be trusted before its signature was verified. */
export interface DeviceProof {
  readonly jws: Jws
  /** The challenge that it answers. */
  readonly jti: string
}

/** A device's public key. */
export interface DeviceKey {
  /** The members that RFC 7638 section 3.2 requires. */
  readonly jwk: Readonly<JsonObject>
  readonly thumbprint: string
  readonly keys: readonly VerificationKey[]
}

/**
 * Decodes the header `Secure-Session-Response`.
 *
 * @param origin - of this application: a proof that names an audience must be for it
 * @throws {SessionError} `device_proof_invalid`
 * @see https://w3c.github.io/webappsec-dbsc/#format-jwt
 */
export function readDeviceProof(header: string | undefined, origin: string): DeviceProof {
  const text = structuredText(header)
  if (text === undefined) throw proofInvalid('the header Secure-Session-Response holds no proof')
  return refused(() => {
    const jws = decodeJws(text, { maxBytes: maxProofLength })
    requireAlgorithm(jws.header, deviceAlgorithms)
    if (jws.header.typ !== 'dbsc+jwt') throw proofInvalid('typ must be dbsc+jwt')
    const { jti, aud } = jws.payload
    if (typeof jti !== 'string') throw proofInvalid('jti, which is the challenge, is missing')
    if (aud !== undefined && !isOf(origin, aud)) throw proofInvalid('aud is of another application')
    return { jws, jti }
  })
}

/**
 * The key in the header of a proof, which the proof is signed with.
 *
 * @throws {SessionError} `device_proof_invalid`
 */
export function registeredKey({ jws }: DeviceProof): DeviceKey {
  const { jwk } = jws.header
  const key = isJsonObject(jwk) ? deviceKey(jwk, jws.header.alg) : undefined
  if (key === undefined) throw proofInvalid('jwk is not a public key for this alg')
  refused(() => verifySignature(jws, key.keys, deviceAlgorithms))
  return key
}

/**
 * Verifies that a proof was signed with the device's key. A key in its header does not count.
 *
 * @throws {SessionError} `device_proof_invalid`
 */
export function verifyDeviceProof({ jws }: DeviceProof, jwk: Readonly<JsonObject>): DeviceKey {
  const key = deviceKey(jwk, jws.header.alg)
  if (key === undefined) throw proofInvalid('it is signed with another key')
  refused(() => verifySignature(jws, key.keys, deviceAlgorithms))
  return key
}

/** The string in a structured field (RFC 9651 section 3.3.3). Chromium sends it without quotes. */
export function structuredText(header: string | undefined): string | undefined {
  const [, quoted, bare] = /^(?:"([A-Za-z0-9._-]+)"(?:;.*)?|([A-Za-z0-9._-]+))$/.exec(header ?? '') ?? []
  return quoted ?? bare
}

/** The error for a proof that is refused. Browsers end the binding then, and the session stays as it is. */
export function proofInvalid(why: string, cause?: unknown): SessionError {
  const details = { subject: 'device proof', seen: why }
  return new SessionError('device_proof_invalid', `the proof of the device is refused: ${why}`, { details, cause })
}

function deviceKey(jwk: Readonly<JsonObject>, alg: string): DeviceKey | undefined {
  const keys = importKeySet({ keys: [jwk] })
    ?.keys.get(alg)
    ?.get(undefined)
  if (keys === undefined) return undefined
  const { kty, crv, n, e, x, y } = jwk
  return { jwk: kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y }, thumbprint: jwkThumbprint(jwk), keys }
}

function isOf(origin: string, aud: unknown): boolean {
  return typeof aud === 'string' && parseUrl(aud)?.origin === origin
}

function refused<T>(step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw error instanceof TokenValidationError ? proofInvalid(error.message, error) : error
  }
}
