import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** The two halves of a key. */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const encoded = {
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  publicKeyEncoding: { type: 'spki', format: 'der' },
} as const

/**
 * Makes a key, for tests in place of `generateKeyPairSync()`. In Node.js 20 a key which that function returned must not be exported as a
 * JWK: if its job is garbage-collected during the export, the process waits for its own lock for ever. A key read from its encoding has
 * another lock.
 */
export function keyPair(type: 'rsa' | 'rsa-pss', options: { readonly modulusLength: number }): KeyPair
export function keyPair(
  type: 'dsa',
  options: { readonly modulusLength: number; readonly divisorLength: number },
): KeyPair
export function keyPair(type: 'ec', options: { readonly namedCurve: string }): KeyPair
export function keyPair(type: 'ed25519' | 'ed448' | 'x25519'): KeyPair
export function keyPair(type: string, options: object = {}): KeyPair {
  const generate = generateKeyPairSync as (type: string, options: object) => { readonly privateKey: Buffer }
  const key = generate(type, { ...options, ...encoded }).privateKey
  const privateKey = createPrivateKey({ key, type: 'pkcs8', format: 'der' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}
