import { type JsonWebKey, type KeyObject, createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto'

/** What the provider can sign with. */
export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256'

/** How the published key set looks. */
export type KeySetLayout = 'decoys' | 'decoys with the same kid' | 'one key without kid' | 'several keys without kid'

/** A header or payload of a JWT. */
export type JsonObject = Readonly<Record<string, unknown>>

interface Key {
  readonly privateKey: KeyObject
  readonly jwk: JsonWebKey
}

/** One generation of keys: the private halves by algorithm, and the key set as published. */
export interface KeySet {
  readonly kid: string | undefined
  readonly published: readonly JsonWebKey[]
  sign(header: JsonObject, claims: JsonObject): string
}

const rsa = (): Key => key(generateKeyPairSync('rsa', { modulusLength: 2048 }))
const ec = (namedCurve: string): Key => key(generateKeyPairSync('ec', { namedCurve }))

function key(pair: { privateKey: KeyObject; publicKey: KeyObject }): Key {
  return { privateKey: pair.privateKey, jwk: pair.publicKey.export({ format: 'jwk' }) }
}

/** Keys that no ID Token is signed with: made once, since only the signing keys have to be new for each provider. */
const decoys: readonly JsonWebKey[] = [
  { ...ec('secp256k1').jwk, use: 'sig', alg: 'ES256K' },
  { ...key(generateKeyPairSync('ed25519')).jwk, use: 'sig', alg: 'EdDSA' },
  { ...rsa().jwk, use: 'enc', alg: 'RSA-OAEP' },
  { ...ec('P-256').jwk, use: 'enc', alg: 'ECDH-ES' },
]
const strangers: readonly JsonWebKey[] = [
  { ...rsa().jwk, use: 'sig' },
  { ...rsa().jwk, use: 'sig' },
]

/** Makes new signing keys and lays out the key set around them. */
export function keySet(layout: KeySetLayout, algorithm: SigningAlgorithm): KeySet {
  const signingKey = algorithm === 'ES256' ? ec('P-256') : rsa()
  const kid = layout.endsWith('without kid') ? undefined : randomUUID()
  return {
    kid,
    published: lay(layout, { ...signingKey.jwk, use: 'sig', ...(kid === undefined ? {} : { kid, alg: algorithm }) }),
    sign: (header, claims) => jws(header, claims, (input) => signature(header.alg, signingKey.privateKey, input)),
  }
}

function lay(layout: KeySetLayout, right: JsonWebKey): readonly JsonWebKey[] {
  if (layout === 'one key without kid') return [right]
  if (layout === 'several keys without kid') return [...strangers, right]
  const kid = layout === 'decoys' ? () => randomUUID() : () => right.kid
  return [...decoys.map((decoy) => ({ ...decoy, kid: kid() })), right]
}

function signature(algorithm: unknown, privateKey: KeyObject, input: string): Buffer {
  const data = Buffer.from(input)
  if (algorithm === 'ES256') return sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  // 6 is RSA_PKCS1_PSS_PADDING, 32 the length of SHA-256.
  if (algorithm === 'PS256') return sign('sha256', data, { key: privateKey, padding: 6, saltLength: 32 })
  return sign('sha256', data, privateKey)
}

/** Signs with a shared secret, whatever the header says. */
export function hmac(header: JsonObject, claims: JsonObject, secret: string): string {
  return jws(header, claims, (input) => createHmac('sha256', secret).update(input).digest())
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

function jws(header: JsonObject, claims: JsonObject, mark: (input: string) => Buffer): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${mark(input).toString('base64url')}`
}
