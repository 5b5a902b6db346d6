import { describe, expect, test } from '@jest/globals'
import { importDecryptionKeys } from '../../lib/jose/decryption-key.js'
import type { DecryptionKeyOption } from '../../lib/index.js'
import { decryptJwe, isEncrypted } from '../../lib/jose/jwe.js'
import {
  type EncryptionKey,
  ecPair,
  encrypted,
  keysByKind,
  rsaPair,
  secretKey,
  x25519Pair,
} from '../kit/provider/encryption.js'

const { rsa, ec } = keysByKind
const open = (jwe: string, ...keys: DecryptionKeyOption[]) => decryptJwe(jwe, importDecryptionKeys('keys', keys))
const head = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url')
const encs = [
  ['A128GCM', 16],
  ['A192GCM', 24],
  ['A256GCM', 32],
  ['A128CBC-HS256', 32],
  ['A192CBC-HS384', 48],
  ['A256CBC-HS512', 64],
] as const

describe('a JWE for one of the keys', () => {
  const cases: readonly [string, string, EncryptionKey][] = [
    ...encs.map(([enc]): [string, string, EncryptionKey] => ['RSA-OAEP-256', enc, rsa]),
    ...encs.map(([enc]): [string, string, EncryptionKey] => ['ECDH-ES', enc, ec]),
    ...encs.map(([enc, bytes]): [string, string, EncryptionKey] => ['dir', enc, secretKey(bytes)]),
    ['ECDH-ES+A128KW', 'A128GCM', ecPair('P-384')],
    ['ECDH-ES+A192KW', 'A192GCM', ecPair('P-521')],
    ['ECDH-ES+A256KW', 'A256GCM', x25519Pair()],
    ['ECDH-ES', 'A256GCM', x25519Pair()],
    ['A128KW', 'A256GCM', secretKey(16)],
    ['A192KW', 'A128CBC-HS256', secretKey(24)],
    ['A256KW', 'A256CBC-HS512', secretKey(32)],
  ]
  test.each(cases)('is decrypted: %s with %s', async (alg, enc, key) => {
    const jwe = await encrypted('inside', key, { alg, enc })
    expect(isEncrypted(jwe)).toBe(true)
    expect(await open(jwe, key.jwk)).toBe('inside')
    if (key.pem !== '') expect(await open(jwe, key.pem)).toBe('inside')
  })

  test('is decrypted by whichever key fits, in any place', async () => {
    const given = [rsaPair().pem, ec.jwk, secretKey(32).jwk, rsa.jwk]
    expect(await open(await encrypted('a', rsa), ...given)).toBe('a')
    expect(await open(await encrypted('b', ec, { alg: 'ECDH-ES' }), ...given)).toBe('b')
  })

  test('is decrypted by the key that it names, and by one without a name', async () => {
    const jwe = await encrypted('a', rsa, { kid: 'new' })
    expect(await open(jwe, { ...rsaPair().jwk, kid: 'old' }, { ...rsa.jwk, kid: 'new' })).toBe('a')
    expect(await open(jwe, rsa.pem)).toBe('a')
  })

  test('may name the content encryption in the alg of a secret for dir', async () => {
    const key = secretKey(32)
    const jwe = await encrypted('a', key, { alg: 'dir' })
    for (const alg of ['dir', 'A256GCM']) expect(await open(jwe, { ...key.jwk, alg })).toBe('a')
    expect(await open(jwe, { ...key.jwk, alg: 'A256KW' })).toBeUndefined()
  })
})

describe('a JWE that cannot be trusted', () => {
  test('is not decrypted by a key of another name, curve, algorithm or length', async () => {
    const named = await encrypted('a', rsa, { kid: 'new' })
    expect(await open(named, { ...rsa.jwk, kid: 'old' })).toBeUndefined()
    expect(await open(named, { ...rsa.jwk, alg: 'RSA-OAEP' })).toBeUndefined()
    expect(
      await open(await encrypted('a', ec, { alg: 'ECDH-ES' }), ecPair('P-384').jwk, ecPair('P-256').jwk),
    ).toBeUndefined()
    expect(await open(await encrypted('a', secretKey(32), { alg: 'dir' }), secretKey(16).jwk)).toBeUndefined()
    expect(await open(named)).toBeUndefined()
  })

  test('is not decrypted by a key without a name if the key that has the name fails', async () => {
    const jwe = await encrypted('a', rsa, { kid: 'new' })
    expect(await open(jwe, rsa.pem, { ...rsaPair().jwk, kid: 'new' })).toBeUndefined()
  })

  test.each([
    ['RSA-OAEP', rsa],
    ['A128GCMKW', secretKey(16)],
  ])('with %s, which is not accepted', async (alg, key) => {
    expect(await open(await encrypted('a', key, { alg }), key.jwk)).toBeUndefined()
  })

  test.each([
    ['RSA1_5', { alg: 'RSA1_5' }],
    ['a password', { alg: 'PBES2-HS256+A128KW', p2c: 1, p2s: 'AA' }],
    ['an unknown enc', { enc: 'A128CTR' }],
    ['zip', { zip: 'DEF' }],
    ['crit', { crit: ['exp'] }],
    ['no alg', { alg: undefined }],
    ['an enc that is not text', { enc: 1 }],
  ])('where its header has %s', async (_what, members) => {
    const [, ...rest] = (await encrypted('a', rsa)).split('.')
    expect(
      await open([head({ alg: 'RSA-OAEP-256', enc: 'A256GCM', ...members }), ...rest].join('.'), rsa.jwk),
    ).toBeUndefined()
  })

  test('is not decrypted if any segment was changed', async () => {
    const segments = (await encrypted('inside', rsa)).split('.')
    for (const place of segments.keys()) {
      const changed = segments.map((segment, index) => (index === place ? segment.slice(0, -4) + 'AAAA' : segment))
      expect(await open(changed.join('.'), rsa.jwk)).toBeUndefined()
    }
    for (const garbage of ['....', 'e30....', `${head({ alg: 'dir', enc: 'A256GCM' })}....`]) {
      expect(await open(garbage, rsa.jwk, secretKey(32).jwk)).toBeUndefined()
    }
  })
})

test.each([
  ['a.b.c', false],
  ['a.b.c.d', false],
  ['a.b.c.d.e', true],
  ['....', true],
  ['a.b.c.d.e.f', false],
])('%s: is encrypted: %j', (token, expected) => {
  expect(isEncrypted(token)).toBe(expected)
})
