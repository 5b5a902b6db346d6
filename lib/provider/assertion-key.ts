import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createPrivateKey, sign } from 'node:crypto'
import { ConfigurationError } from '../errors.js'
import type { JsonObject } from '../seal/json.js'
import type { AlgorithmRule } from './algorithms.js'
import { algorithms } from './algorithms.js'
import type { ClientSettings } from './types.js'

/** The client's private key, with the one algorithm that it signs with. */
export interface AssertionKey {
  readonly key: KeyObject
  readonly alg: string
  readonly rule: AlgorithmRule
  readonly kid?: string
}

/** What a key is in JOSE's words. */
type KeyKind = Pick<AlgorithmRule, 'kty'> & { readonly curve?: string }

/**
 * Imports `clientAssertionKey`.
 *
 * @throws {ConfigurationError} `invalid_options` for what is no private key, or does not suit `clientAssertionAlg`
 */
export function importAssertionKey(
  client: Pick<ClientSettings, 'clientAssertionKey' | 'clientAssertionAlg'>,
): AssertionKey {
  const { clientAssertionKey: given = '' } = client
  const key = importPrivateKey(given)
  const kind = kindOf(key)
  const suitable = [...algorithms].filter(([, rule]) => suits(kind, rule))
  const wanted = client.clientAssertionAlg ?? (typeof given === 'object' ? given['alg'] : undefined)
  const [alg, rule] = suitable.find(([name]) => wanted === undefined || name === wanted) ?? []
  if (alg === undefined || rule === undefined) throw unusable('does not suit the algorithm that it is to sign with')
  if ((key.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048) throw unusable('must have at least 2048 bits')
  const kid = typeof given === 'object' ? given['kid'] : undefined
  return { key, alg, rule, ...(typeof kid === 'string' ? { kid } : {}) }
}

/** Signs claims as compact JWS (RFC 7515 section 7.1). */
export function signJws({ key, alg, rule, kid }: AssertionKey, claims: JsonObject): string {
  const header = { alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) }
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${sign(rule.digest, Buffer.from(input), { ...rule.options, key }).toString('base64url')}`
}

function importPrivateKey(given: string | JsonWebKey): KeyObject {
  try {
    return typeof given === 'string' ? createPrivateKey(given) : createPrivateKey({ key: given, format: 'jwk' })
  } catch {
    // The inner error may quote the key.
    throw unusable('must be a private key: PKCS#8 PEM or JWK')
  }
}

const curveNames = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
  ['ed25519', 'Ed25519'],
  ['ed448', 'Ed448'],
])

function kindOf(key: KeyObject): KeyKind {
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = key
  if (type === 'rsa') return { kty: 'RSA' }
  const curve = curveNames.get(type === 'ec' ? (details?.namedCurve ?? '') : type) ?? 'unknown'
  return { kty: type === 'ec' ? 'EC' : 'OKP', curve }
}

function suits(kind: KeyKind, rule: AlgorithmRule): boolean {
  return kind.kty === rule.kty && (kind.curve === undefined || rule.curves.includes(kind.curve))
}

function unusable(why: string): ConfigurationError {
  return new ConfigurationError('invalid_options', `clientAssertionKey ${why}`)
}
