import * as v from 'valibot'
import { pemLines } from '../common/private-key.js'
import { asymmetricAlgorithms, secretAlgorithms, secretBytes } from '../common/algorithms.js'
import { endpointUrl, text } from '../common/fields.js'
import type { Rules } from '../common/parse.js'

/** Algorithm names, at least one. */
export const algorithmList = <const Names extends readonly string[]>(names: Names) =>
  v.pipe(
    v.array(v.picklist(names, `must be one of ${names.join(', ')}`), `must be a list of ${names.join(', ')}`),
    v.minLength(1, 'must name at least one algorithm'),
  )

const jwks = v.pipe(
  v.looseObject({ keys: v.array(v.record(v.string(), v.unknown()), 'must be a list of JWKs') }, 'must be a JWK Set'),
  // A copy: the result gets frozen, and the caller's object must not be.
  v.transform((value) => structuredClone(value)),
)

const pem = v.pipe(
  text('a public key as PEM'),
  v.transform(pemLines),
  v.check((value) => value.includes('-----BEGIN') && !value.includes('PRIVATE'), 'must be a public key as PEM'),
)

const maxSecrets = 8

/** A shared secret as bytes. */
export interface SecretBytes {
  readonly bytes: Uint8Array
  /** The only algorithm of the secret, if its JWK names one. */
  readonly alg?: string | undefined
}

const base64 = v.pipe(
  v.string('must be a string'),
  v.regex(/^[A-Za-z0-9+/_-]+={0,2}$/, 'must be base64 or base64url'),
  v.transform((value) => Buffer.from(value, 'base64')),
)

const octJwk = v.looseObject({
  kty: v.literal('oct'),
  k: base64,
  alg: v.optional(v.picklist(secretAlgorithms)),
  use: v.optional(v.literal('sig')),
  key_ops: v.optional(
    v.pipe(
      v.array(v.string()),
      v.check((operations) => operations.includes('verify')),
    ),
  ),
})

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array

const oneSecret = v.union(
  [
    v.pipe(
      v.string(),
      v.transform((value): SecretBytes => ({ bytes: Buffer.from(value, 'utf8') })),
    ),
    v.pipe(
      v.custom<Uint8Array>(isBytes),
      v.transform((value): SecretBytes => ({ bytes: Buffer.from(value) })),
    ),
    v.pipe(
      v.strictObject({ base64 }),
      v.transform((value): SecretBytes => ({ bytes: value.base64 })),
    ),
    v.pipe(
      octJwk,
      v.transform(({ k, alg }): SecretBytes => ({ bytes: k, alg })),
    ),
  ],
  'must be text, bytes, { base64 } or a JWK of kty "oct" for signatures',
)

const shortestOf = (list: readonly SecretBytes[]) => Math.min(...list.map(({ bytes }) => bytes.length))

const secret = v.pipe(
  v.union(
    [
      v.pipe(
        oneSecret,
        v.transform((one): readonly SecretBytes[] => [one]),
      ),
      v.pipe(v.array(oneSecret), v.minLength(1), v.maxLength(maxSecrets)),
    ],
    `must be text, bytes, { base64 } or a JWK of kty "oct" for signatures, or a list of up to ${maxSecrets} of them`,
  ),
  v.check(
    (list) => shortestOf(list) >= 32,
    ({ input }) => `must have at least 32 bytes (RFC 7518 section 3.2) (given: ${shortestOf(input)} bytes)`,
  ),
  // Everyone may know a public key, and could sign with it as a secret.
  v.check(
    (list) => list.every(({ bytes }) => !Buffer.from(bytes).includes('-----BEGIN')),
    'must not be a key as PEM: "publicKey" is for that',
  ),
)

/** The options that choose keys. */
export const keyEntries = {
  algorithms: v.optional(algorithmList([...asymmetricAlgorithms, ...secretAlgorithms])),
  jwks: v.optional(jwks),
  jwksUri: v.optional(endpointUrl('the URL of a JWK Set')),
  publicKey: v.optional(pem),
  secret: v.optional(secret),
}

type KeyOptions = Partial<v.InferOutput<v.StrictObjectSchema<typeof keyEntries, undefined>>>

/** Rules between {@link keyEntries}, with their messages. */
export const keyRules: Rules<KeyOptions> = [
  [
    ({ jwks, jwksUri, publicKey, secret }) =>
      [jwks, jwksUri, publicKey, secret].filter((value) => value !== undefined).length <= 1,
    'must have at most one of "jwks", "jwksUri", "publicKey" and "secret"',
  ],
  [
    ({ algorithms = [], secret }) =>
      secret === undefined ? !algorithms.some(isHmac) : algorithms.length > 0 && algorithms.every(isHmac),
    'must name algorithms: ["HS256"], "HS384" or "HS512", and no others, together with "secret": a secret is not a public key',
  ],
  [
    ({ algorithms = [], secret = [] }) =>
      secret.every(({ bytes, alg }) => algorithms.every((name) => bytes.length >= bytesFor(alg ?? name))),
    'must have secrets of at least 32 bytes for HS256, 48 for HS384 and 64 for HS512 (RFC 7518 section 3.2)',
  ],
  [
    ({ algorithms = [], secret = [] }) =>
      algorithms.every((name) => secret.length === 0 || secret.some(({ alg }) => alg === undefined || alg === name)) &&
      secret.every(({ alg }) => alg === undefined || algorithms.some((name) => name === alg)),
    'must have "algorithms" that suit the "alg" of each JWK in "secret"',
  ],
]

/** The sources of keys. An issuer has at most one. */
export const keySources = ['jwks', 'jwksUri', 'publicKey', 'secret'] as const

function isHmac(name: string): boolean {
  return Object.hasOwn(secretBytes, name)
}

function bytesFor(name: string): number {
  return secretBytes[name] ?? 0
}
