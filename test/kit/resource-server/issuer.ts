import { type KeyObject, constants, createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { Clock } from '../clock.js'

/** A private key with the names it goes by. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const makers: Readonly<Record<string, () => { privateKey: KeyObject; publicKey: KeyObject }>> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
}

/** Makes a key pair for an algorithm. */
export function signingKey(alg = 'ES256', kid: string = randomUUID()): SigningKey {
  const make = makers[alg]
  if (make === undefined) throw new Error(`no key maker for ${alg}`)
  return { kid, alg, ...make() }
}

/** The public JWK, with `use`, `alg` and `kid`. */
export function publicJwk(key: SigningKey): Record<string, unknown> {
  return { ...key.publicKey.export({ format: 'jwk' }), use: 'sig', alg: key.alg, kid: key.kid }
}

const encode = (value: unknown): string =>
  Buffer.isBuffer(value)
    ? value.toString('base64url')
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Signs anything as compact JWS; strings and bytes are taken as they are. */
export function signJws(header: unknown, payload: unknown, key: SigningKey): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${rawSignature(input, key).toString('base64url')}`
}

function rawSignature(input: string, { alg, privateKey: key }: SigningKey): Buffer {
  const bytes = Buffer.from(input)
  if (alg.startsWith('Ed')) return sign(null, bytes, key)
  const digest = `sha${alg.slice(2)}`
  if (alg.startsWith('ES')) return sign(digest, bytes, { key, dsaEncoding: 'ieee-p1363' })
  if (alg.startsWith('RS')) return sign(digest, bytes, key)
  return sign(digest, bytes, {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  })
}

/** Signs with a secret, as HS256. */
export function signHmac(header: unknown, payload: unknown, secret: string | Buffer): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** An authorization server in a test's own process: no network, everything it says can be changed. */
export interface TestIssuer {
  readonly issuer: string
  readonly clock: Clock
  keys: SigningKey[]
  /** URLs that were fetched, in order. */
  readonly requests: string[]
  /** Answers instead of the issuer, unless it returns nothing. */
  intercept: ((url: string, init: RequestInit) => Response | Promise<Response> | undefined) | undefined
  metadata: Record<string, unknown>
  readonly fetch: typeof fetch
  /** Claims of a good access token (RFC 9068). */
  claims(overrides?: Record<string, unknown>): Record<string, unknown>
  /** A signed access token. */
  token(overrides?: Record<string, unknown>, header?: Record<string, unknown>, key?: SigningKey): string
}

/** The audience of {@link TestIssuer.token}. */
export const audience = 'https://api.example.com'

/** Makes an issuer with one key. */
export function testIssuer(
  issuer = 'https://issuer.example.com',
  { alg = 'ES256', clock = new Clock() } = {},
): TestIssuer {
  const self: TestIssuer = {
    issuer,
    clock,
    keys: [signingKey(alg)],
    requests: [],
    intercept: undefined,
    metadata: { issuer, jwks_uri: `${issuer}/jwks` },
    fetch: async (input, init = {}) => {
      const url = String(input)
      self.requests.push(url)
      const other = await self.intercept?.(url, init)
      if (other !== undefined) return other
      if (url === `${issuer}/.well-known/openid-configuration`) return Response.json(self.metadata)
      if (url === `${issuer}/jwks`) return Response.json({ keys: self.keys.map(publicJwk) })
      return new Response('', { status: 404 })
    },
    claims: (overrides = {}) =>
      without({
        iss: issuer,
        sub: 'alice',
        aud: audience,
        exp: clock.seconds + 300,
        iat: clock.seconds,
        jti: randomUUID(),
        client_id: 'web',
        scope: 'orders:read',
        ...overrides,
      }),
    token: (overrides = {}, header = {}, key = self.keys[0]) => {
      if (key === undefined) throw new Error('the issuer has no key')
      return signJws(without({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header }), self.claims(overrides), key)
    },
  }
  return self
}

/** A member that is `undefined` is left out, as JSON does. */
function without(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
