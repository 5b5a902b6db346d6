import { type KeyObject, createPrivateKey, sign, webcrypto } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import { createCurrentAuthentication } from '../../../lib/provider/authentication/client-authentication.js'
import { importClientKeys } from '../../../lib/provider/authentication/client-keys.js'
import { clientIdentity } from '../../../lib/provider/authentication/credentials.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import type { ClientKeyOption, ClientKeysOptions } from '../../../lib/index.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { signingKey } from '../../kit/provider/keys.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'
import { keyPair } from '../../kit/key-pair.js'

const issuer = 'https://issuer.example'
const ec = signingKey('ES256')
const rsa = signingKey('RS256')
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string

function identityWith(clientKeys: ClientKeysOptions, others: object = {}) {
  return clientIdentity(parseClientCredentialsOptions({ issuer, clientId: 'machine', clientKeys, ...others }))
}

async function assertionOf(clientKeys: ClientKeysOptions, others: object = {}): Promise<string> {
  const authenticate = createCurrentAuthentication(identityWith(clientKeys, others), Clock.real())
  const body = new URLSearchParams()
  await authenticate({ issuer }, { client_id: 'machine' }, body, new Headers())
  return body.get('client_assertion') ?? ''
}

const publishedBy = (clientKeys: ClientKeysOptions) => identityWith(clientKeys).clientKeys?.published ?? []

async function verified(clientKeys: ClientKeysOptions) {
  const assertion = await assertionOf(clientKeys)
  const [jwk] = publishedBy(clientKeys)
  return jwtVerify(assertion, await importJWK({ ...jwk }), { issuer: 'machine', audience: issuer })
}

describe('a key of the client', () => {
  const { privateKey } = ec
  test.each<[string, () => Promise<unknown>]>([
    ['PEM', async () => pem(privateKey)],
    ['PEM with \\n in place of line breaks', async () => pem(privateKey).replaceAll('\n', '\\n')],
    ['a JWK', async () => privateKey.export({ format: 'jwk' })],
    ['a KeyObject', async () => privateKey],
    [
      'a CryptoKey that cannot be exported',
      async () => {
        const jwk = privateKey.export({ format: 'jwk' })
        return webcrypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
      },
    ],
  ])('may be %s, and signs client assertions', async (_form, make) => {
    const key = (await make()) as KeyObject
    const { protectedHeader } = await verified({ current: { privateKey: key } })
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid: await calculateJwkThumbprint(ec.jwk) })
  })

  test.each([
    ['RSA-PSS', 'SHA-256', 'PS256'],
    ['RSA-PSS', 'SHA-512', 'PS512'],
    ['RSASSA-PKCS1-v1_5', 'SHA-384', 'RS384'],
  ])('as CryptoKey for %s with %s signs by %s', async (name, hash, alg) => {
    const jwk = rsa.privateKey.export({ format: 'jwk' })
    const key = await webcrypto.subtle.importKey('jwk', jwk, { name, hash }, false, ['sign'])
    expect((await verified({ current: { privateKey: key } })).protectedHeader.alg).toBe(alg)
  })

  test('signs by the algorithm that is asked for, under the name that is given', async () => {
    const { protectedHeader } = await verified({ current: { privateKey: rsa.privateKey, alg: 'PS256', kid: 'one' } })
    expect(protectedHeader).toMatchObject({ alg: 'PS256', kid: 'one' })
  })

  test('with a certificate puts its hashes into the header, and the certificate into the key set', async () => {
    const certificate = selfSigned('machine')
    const current = { privateKey: certificate.key, certificate: certificate.pem }
    const header = decodeProtectedHeader(await assertionOf({ current }))
    expect(header).toMatchObject({ x5t: expect.any(String), 'x5t#S256': expect.any(String) })
    expect(publishedBy({ current })[0]?.['x5c']).toEqual([certificate.pem.replace(/-----.*-----|\s/g, '')])
  })

  test.each<[string, unknown, string]>([
    ['is a public key', { privateKey: ec.publicKey }, '"clientKeys.current.privateKey" must be a private key'],
    ['is an encrypted PEM', { privateKey: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nx' }, 'must be a private key'],
    ['does not suit its algorithm', { privateKey: ec.privateKey, alg: 'RS256' }, 'does not suit the algorithm'],
    ['is short', { privateKey: keyPair('rsa', { modulusLength: 1024 }).privateKey }, 'at least 2048 bits'],
    [
      'has the certificate of another',
      { privateKey: ec.privateKey, certificate: selfSigned('other').pem },
      '"clientKeys.current.certificate" is the certificate of another key',
    ],
    ['is a number', { privateKey: 7 }, 'must be a key: PEM, JWK, KeyObject or CryptoKey'],
    ['is mistyped', { key: ec.privateKey }, 'is not an option'],
    [
      'is elsewhere, without public key',
      { sign: () => Buffer.alloc(64), alg: 'ES256' },
      '"clientKeys.current.publicKey"',
    ],
    [
      'is elsewhere, and its public key is of another kind',
      { sign: () => Buffer.alloc(64), alg: 'ES256', publicKey: rsa.publicKey },
      '"clientKeys.current.publicKey" does not suit the algorithm in "clientKeys.current.alg"',
    ],
  ])('that %s is refused', async (_flaw, current, message) => {
    const failure = await failureOf(() => identityWith({ current } as ClientKeysOptions))
    expect(failure).toMatchObject({ code: 'invalid_options', message: expect.stringContaining(message) })
  })
})

describe('a key that a service or device holds', () => {
  const raw = (data: Uint8Array) => sign('sha256', data, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
  const der = (data: Uint8Array) => sign('sha256', data, ec.privateKey)

  test.each([
    ['side by side', raw],
    ['in ASN.1, as most services return them', der],
  ])('signs by a function, with the numbers of ECDSA %s', async (_form, signer) => {
    const calls: unknown[] = []
    const current: ClientKeyOption = {
      sign: async (data, alg) => {
        calls.push([data instanceof Uint8Array, alg])
        return signer(data)
      },
      alg: 'ES256',
      publicKey: ec.publicKey,
    }
    for (let i = 0; i < 20; i += 1) await verified({ current })
    expect(calls[0]).toEqual([true, 'ES256'])
  })

  test('may be on P-521, whose ASN.1 has a longer length', async () => {
    const key = signingKey('ES512')
    const current = {
      sign: (data: Uint8Array) => sign('sha512', data, key.privateKey),
      alg: 'ES512',
      publicKey: key.jwk,
    }
    for (let i = 0; i < 20; i += 1) await verified({ current })
  })

  test('is named by its public key: JWK, PEM or certificate', async () => {
    const key = signingKey('RS256')
    const signer = (data: Uint8Array) => sign('sha256', data, key.privateKey)
    const spki = key.publicKey.export({ type: 'spki', format: 'pem' }) as string
    for (const publicKey of [spki, key.publicKey, { ...key.jwk, kid: 'vault-7' }]) {
      await verified({ current: { sign: signer, alg: 'RS256', publicKey } })
    }
    const [published] = publishedBy({
      current: { sign: signer, alg: 'RS256', publicKey: { ...key.jwk, kid: 'v' } as object },
    })
    expect(published?.['kid']).toBe('v')
  })

  const outages: [string, () => unknown, string][] = [
    ['fails', () => Promise.reject(new Error('token of the vault: hush')), 'provider_unavailable'],
    ['returns nothing', () => undefined, 'provider_unavailable'],
    [
      'signs with another key',
      (data?: Uint8Array) => sign('sha256', data ?? Buffer.alloc(1), signingKey().privateKey),
      'provider_unavailable',
    ],
    ['does not answer in time', () => new Promise(() => undefined), 'provider_timeout'],
  ]
  test.each(outages)('that %s is an outage, 503, that names the option', async (_case, signer, code) => {
    const current = { sign: signer as () => Uint8Array, alg: 'ES256', publicKey: ec.publicKey }
    const keys = importClientKeys({ current }, 0.05)
    const failure = await failureOf(async () => keys.current.sign(Buffer.from('input')))
    expect(failure).toMatchObject({ code, status: 503, message: expect.stringContaining('"clientKeys.current.sign"') })
    expect(failure.message).not.toContain('hush')
  })
})

describe('rotation', () => {
  const keys = ['a', 'b', 'c'].map((kid) => ({ privateKey: signingKey().privateKey, kid })) as [
    ClientKeyOption,
    ClientKeyOption,
    ClientKeyOption,
  ]
  const [current, next, old] = keys

  test('signs with the current key only, and publishes all three without their private halves', async () => {
    const rotating = { current, next, old }
    expect(decodeProtectedHeader(await assertionOf(rotating)).kid).toBe('a')
    const published = publishedBy(rotating)
    expect(published.map(({ kid, use, alg }) => [kid, use, alg])).toEqual(
      ['a', 'b', 'c'].map((kid) => [kid, 'sig', 'ES256']),
    )
    expect(published.flatMap(Object.keys)).not.toContain('d')
  })

  test('refuses two keys of one name', async () => {
    const failure = await failureOf(() => importClientKeys({ current, next: { ...next, kid: 'a' } }, 5))
    expect(failure.message).toContain('different "kid"')
  })

  test.each(['clientAssertionKey', 'clientAssertion', 'clientAssertionAlg', 'clientAssertionKid'])(
    'clientKeys and %s are not given together',
    async (name) => {
      const other =
        name === 'clientAssertion' ? () => 'a.b.c' : name === 'clientAssertionKey' ? pem(ec.privateKey) : 'x'
      const failure = await failureOf(() => identityWith({ current }, { [name]: other }))
      expect(failure.message).toContain(`must have at most one of "clientKeys" and "${name}"`)
    },
  )

  test('a private key of the caller is neither frozen nor changed', () => {
    const jwk = createPrivateKey(pem(ec.privateKey)).export({ format: 'jwk' })
    identityWith({ current: { privateKey: jwk } })
    expect(Object.isFrozen(jwk)).toBe(false)
  })
})
