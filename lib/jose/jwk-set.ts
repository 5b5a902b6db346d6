import { type KeyObject, createPublicKey, hash } from 'node:crypto'
import { type JsonObject, isAbsent, isJsonObject, isTextOrAbsent } from '../base/json.js'
import { type AlgorithmRule, type VerificationKey, algorithms, publicVerificationKey } from './algorithms.js'

/** The usable keys of one JWK Set (RFC 7517 section 5), prepared for verification. */
export interface KeySet {
  /** By `alg`, then by `kid`; `undefined` has the keys of any name. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<string | undefined, readonly VerificationKey[]>>
  /** Imported keys by their JWK, for reuse when the set is fetched again. */
  readonly imported: ReadonlyMap<string, readonly VerificationKey[]>
  /** The public keys for encryption, not imported. */
  readonly encryption: readonly Readonly<JsonObject>[]
  /** How many members were skipped because they cannot, or must not, verify signatures. */
  readonly ignored: number
  /** How many keys for an `alg` are more than are tried for a token without `kid`. */
  readonly surplus: ReadonlyMap<string, number>
}

const maxKeys = 100
// The maximum number of signature checks for a token with `kid`, and for one without.
const maxNamesakes = 4
const maxCandidates = 16
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Imports the keys of a JWK Set. Unusable members are skipped, since providers also publish keys for other purposes.
 *
 * @param before - the previous set, whose keys are reused if they have not changed
 * @returns `undefined` for anything that is not a JWK Set, or has more than 100 members
 */
export function importKeySet(document: unknown, before?: KeySet): KeySet | undefined {
  const members = isJsonObject(document) ? document['keys'] : undefined
  if (!Array.isArray(members) || members.length > maxKeys) return undefined
  const imported = new Map<string, readonly VerificationKey[]>()
  for (const member of members) {
    if (!isUsable(member)) continue
    const identity = JSON.stringify(identityMembers.map((name) => member[name] ?? null))
    const keys = before?.imported.get(identity) ?? importKey(member)
    if (keys.length > 0) imported.set(identity, keys)
  }
  const encryption = members.filter(isForEncryption)
  return { imported, encryption, ...groupKeys([...imported.values()].flat()), ignored: members.length - imported.size }
}

const identityMembers = ['kty', 'crv', 'n', 'e', 'x', 'y', 'kid', 'alg', 'issuer']

function isForEncryption(jwk: unknown): jwk is JsonObject {
  return isJsonObject(jwk) && jwk['use'] === 'enc' && !isPrivate(jwk)
}

// Only public signature keys are used. A set with private members has leaked those keys.
function isUsable(jwk: unknown): jwk is JsonObject {
  if (!isJsonObject(jwk) || isPrivate(jwk)) return false
  const operations = jwk['key_ops']
  return (
    (isAbsent(jwk['use']) || jwk['use'] === 'sig') &&
    (isAbsent(operations) || (Array.isArray(operations) && operations.includes('verify'))) &&
    isTextOrAbsent(jwk['kid'] ?? undefined) &&
    isTextOrAbsent(jwk['alg'] ?? undefined)
  )
}

function isPrivate(jwk: JsonObject): boolean {
  return privateMembers.some((name) => !isAbsent(jwk[name]))
}

function importKey(jwk: JsonObject): readonly VerificationKey[] {
  const { kid, issuer } = jwk
  const suitable = [...algorithms].filter(([name, rule]) => isMeantFor(jwk, name) && suits(jwk, rule))
  const key = suitable.length > 0 ? importPublicKey(jwk) : undefined
  if (key === undefined) return []
  return suitable.map(([name, rule]) => ({
    ...publicVerificationKey(key, name, rule, typeof kid === 'string' ? kid : undefined),
    ...(typeof issuer === 'string' ? { issuer } : {}),
  }))
}

const edwards = ['EdDSA', 'Ed25519', 'Ed448']

// The key of a curve of Edwards has one algorithm, of two names: that of RFC 8037, and one by RFC 9864.
function isMeantFor(jwk: JsonObject, name: string): boolean {
  const { alg } = jwk
  if (isAbsent(alg) || alg === name) return true
  const rule = typeof alg === 'string' && edwards.includes(alg) ? algorithms.get(alg) : undefined
  return rule !== undefined && edwards.includes(name) && suits(jwk, rule)
}

function suits(jwk: JsonObject, rule: AlgorithmRule): boolean {
  const { kty, crv } = jwk
  if (kty !== rule.kty || kty === 'oct') return false
  return rule.curves.length === 0 || (typeof crv === 'string' && rule.curves.includes(crv))
}

function importPublicKey(jwk: JsonObject): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: publicMembers(jwk), format: 'jwk' })
    return key.asymmetricKeyType !== 'rsa' || isSoundRsa(key) ? key : undefined
  } catch {
    return undefined
  }
}

function publicMembers(jwk: JsonObject): JsonObject {
  const { kty, crv, n, e, x, y } = jwk
  const members = Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(members)
}

const maxModulusBits = 8192
const maxExponent = 2n ** 32n

// RFC 7518 section 3.3 requires 2048 bits. With e = 1 anyone can sign, and an even e is not valid for RSA. Larger
// values than any in use would make verification up to a hundred times slower (NIST SP 800-56B allows 256 bits of e,
// but everyone uses 65537).
function isSoundRsa(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  return modulusLength >= 2048 && modulusLength <= maxModulusBits && isSoundExponent(publicExponent)
}

function isSoundExponent(exponent: bigint): boolean {
  return exponent > 1n && exponent < maxExponent && exponent % 2n === 1n
}

function groupKeys(keys: readonly VerificationKey[]): Pick<KeySet, 'keys' | 'surplus'> {
  const byAlg = new Map<string, Map<string | undefined, VerificationKey[]>>()
  const surplus = new Map<string, number>()
  for (const key of keys) {
    const byKid = byAlg.get(key.alg) ?? new Map<string | undefined, VerificationKey[]>()
    byAlg.set(key.alg, byKid)
    for (const kid of new Set([undefined, key.kid])) {
      const list = byKid.get(kid) ?? []
      byKid.set(kid, list)
      if (list.length < (kid === undefined ? maxCandidates : maxNamesakes)) list.push(key)
      else if (kid === undefined) surplus.set(key.alg, (surplus.get(key.alg) ?? 0) + 1)
    }
  }
  return { keys: byAlg, surplus }
}

const requiredMembers: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['RSA', ['e', 'kty', 'n']],
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
])

/**
 * SHA-256 thumbprint of a public key: a hash of its required members, in lexicographic order and without white space
 * (RFC 7638 section 3).
 */
export function jwkThumbprint(jwk: Readonly<Record<string, unknown>>): string {
  const members = requiredMembers.get(jwk['kty']) ?? []
  const required = Object.fromEntries(members.map((name) => [name, jwk[name]]))
  return hash('sha256', JSON.stringify(required), 'base64url')
}
