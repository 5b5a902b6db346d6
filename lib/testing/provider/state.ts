import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { AuthorizationDetail } from '../../options/authorization-details/detail.js'
import type { JsonObject } from '../../base/json.js'
import { publicJwkOf } from '../../jose/public-jwk.js'
import { type SigningKey, importSigningKey } from '../../jose/signing-key.js'
import type { Person, ProviderConfiguration } from '../options.js'
import { TestClock } from './clock.js'

/** A key pair of the provider. */
export interface ProviderKey extends SigningKey {
  readonly kid: string
  /** What is published. */
  readonly publicJwk: JsonObject
}

/** What a person, or a client on its own behalf, has granted. */
export interface Grant {
  readonly person: Person | undefined
  readonly clientId: string
  readonly scope: string
  /** The APIs that access tokens are for; empty for the usual one. */
  readonly audience: readonly string[]
  /** What is allowed in detail (RFC 9396); absent where none were asked for. */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** The session of the person at the provider. */
  readonly sid?: string
  readonly authTime?: number
  readonly nonce?: string
  readonly acr?: string
  /** The key that the tokens are bound to (DPoP). */
  readonly jkt?: string
}

/** A grant whose code has not been used. */
export interface PendingCode {
  readonly grant: Grant
  readonly redirectUri: string
  readonly challenge: string | undefined
  readonly expiresAt: number
}

/** An access token or a refresh token. */
export interface IssuedToken {
  readonly kind: 'access' | 'refresh'
  readonly grant: Grant
  /** Claims, for introspection. */
  readonly claims: JsonObject
  readonly expiresAt: number
}

/** All that a provider remembers. */
export interface ProviderState {
  readonly configuration: ProviderConfiguration
  readonly clock: TestClock
  readonly codes: Map<string, PendingCode>
  readonly tokens: Map<string, IssuedToken>
  /** Refresh tokens that were used. A second use revokes all refresh tokens of the person (RFC 9700 section 4.14.2). */
  readonly usedRefreshTokens: Map<string, Grant>
  /** Pushed authorization requests. */
  readonly pushed: Map<string, { readonly parameters: URLSearchParams; readonly expiresAt: number }>
  readonly usedProofs: Set<string>
  /** It signs with this one, and publishes no other. */
  key: ProviderKey
}

/** The first key of each issuer: to make one takes a tenth of a second, and many suites start a provider for each test. */
const firstKeys = new Map<string, ProviderKey>()

/** A provider to which nothing has happened. */
export function newState(configuration: ProviderConfiguration): ProviderState {
  const clock = new TestClock()
  let key: ProviderKey | undefined
  return {
    configuration,
    clock,
    codes: new Map(),
    tokens: new Map(),
    usedRefreshTokens: new Map(),
    pushed: new Map(),
    usedProofs: new Set(),
    get key() {
      return (key ??= firstKeyOf(configuration.issuer))
    },
    set key(next) {
      key = next
    },
  }
}

/** Makes a key pair. */
export function newKey(): ProviderKey {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const kid = randomBytes(24).toString('base64url')
  const signing = importSigningKey({ option: 'key', key: privateKey, alg: 'RS256' })
  return { ...signing, kid, publicJwk: { ...publicJwkOf(signing.key), use: 'sig', alg: 'RS256', kid } }
}

function firstKeyOf(issuer: string): ProviderKey {
  const key = firstKeys.get(issuer) ?? newKey()
  firstKeys.set(issuer, key)
  return key
}
