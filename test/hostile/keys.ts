import { type JsonWebKey, randomUUID } from 'node:crypto'
import { jws, signingKey, signJws } from '../kit/provider/keys.js'

/** What the provider can sign with. */
export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256'

/** How the published key set looks. */
export type KeySetLayout = 'decoys' | 'decoys with the same kid' | 'one key without kid' | 'several keys without kid'

/** A header or payload of a JWT. */
export type JsonObject = Readonly<Record<string, unknown>>

/** One generation of keys: the private halves by algorithm, and the key set as published. */
export interface KeySet {
  readonly kid: string | undefined
  readonly published: readonly JsonWebKey[]
  sign(header: JsonObject, claims: JsonObject): string
}

/** Keys that no ID Token is signed with: made once, since only the signing keys have to be new for each provider. */
const decoys: readonly JsonWebKey[] = [
  signingKey('ES256K', { use: 'sig', alg: 'ES256K' }).jwk,
  signingKey('EdDSA', { use: 'sig', alg: 'EdDSA' }).jwk,
  signingKey('RS256', { use: 'enc', alg: 'RSA-OAEP' }).jwk,
  signingKey('ES256', { use: 'enc', alg: 'ECDH-ES' }).jwk,
]
const strangers = [signingKey('RS256', { use: 'sig' }).jwk, signingKey('RS256', { use: 'sig' }).jwk]

/** Makes new signing keys and lays out the key set around them. */
export function keySet(layout: KeySetLayout, algorithm: SigningAlgorithm): KeySet {
  const kid = layout.endsWith('without kid') ? undefined : randomUUID()
  const { jwk, privateKey } = signingKey(algorithm, {
    use: 'sig',
    ...(kid === undefined ? {} : { kid, alg: algorithm }),
  })
  return {
    kid,
    published: lay(layout, jwk),
    // A fault may name another algorithm that the key can sign by.
    sign: (header, claims) => signJws(header, claims, { privateKey, alg: String(header['alg']) }),
  }
}

function lay(layout: KeySetLayout, right: JsonWebKey): readonly JsonWebKey[] {
  if (layout === 'one key without kid') return [right]
  if (layout === 'several keys without kid') return [...strangers, right]
  const kid = layout === 'decoys' ? () => randomUUID() : () => right.kid
  return [...decoys.map((decoy) => ({ ...decoy, kid: kid() })), right]
}

/** Leaves the signature empty. */
export function unsigned(header: JsonObject, claims: JsonObject): string {
  return jws(header, claims, () => Buffer.alloc(0))
}

/** The same token with every byte of its signature changed, as the suite does it. */
export function corrupted(token: string): string {
  const [header, claims, mark] = token.split('.')
  const bytes = Buffer.from(mark ?? '', 'base64url').map((byte) => byte ^ 0x5a)
  return `${header}.${claims}.${Buffer.from(bytes).toString('base64url')}`
}
