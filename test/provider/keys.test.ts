import { describe, expect, test } from '@jest/globals'
import type { KeyObject } from 'node:crypto'
import { importKeySet } from '../../lib/jose/jwk-set.js'
import { decodeJws, isSignedBy, verifySignature } from '../../lib/jose/jws.js'
import { createKeys, createStaticKeys } from '../../lib/provider/keys.js'
import { createHttpClient } from '../../lib/provider/transport/http-client.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { ecKey, mint, otherRsaKey, rsaKey, signingKey } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'
import { settled } from '../kit/until.js'

const rs256 = (kid?: string) => ({ alg: 'RS256', ...(kid === undefined ? {} : { kid }) })
const keysOf = (op: FakeProvider, httpClient = createHttpClient(op.settings)) =>
  createKeys(async () => 'https://issuer.example/jwks', httpClient, op.settings)
const signedBy = async (privateKey: KeyObject) => {
  const jws = decodeJws(await mint({ sub: 'x' }, privateKey))
  return (keys: Parameters<typeof isSignedBy>[1]) => isSignedBy(jws, keys)
}
const fetches = (op: FakeProvider) => op.count('/jwks')

describe('a key in a key set', () => {
  const kidsFor = (alg: string, ...keys: unknown[]) =>
    (importKeySet({ keys })?.keys.get(alg)?.get(undefined) ?? []).map(({ kid }) => kid)
  const jwk = rsaKey.jwk

  test.each([
    ['use enc', { ...jwk, use: 'enc' }],
    ['key_ops without verify', { ...jwk, key_ops: ['encrypt'] }],
    ['key_ops that is not a list', { ...jwk, key_ops: 'verify' }],
    ['another alg', { ...jwk, alg: 'RSA-OAEP' }],
    ['the alg of another signature', { ...jwk, alg: 'PS256' }],
    ['a numeric alg', { ...jwk, alg: 1 }],
    ['a numeric kid', { ...jwk, kid: 1 }],
    ['private members', { ...rsaKey.privateKey.export({ format: 'jwk' }), kid: 'rsa-1' }],
    ['a single private member', { ...jwk, d: 'AQAB' }],
    ['an unknown kty', { ...jwk, kty: 'XYZ' }],
    ['no kty', { ...jwk, kty: undefined }],
    ['a secret', { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0', kid: 'x' }],
    ['e = 1', { ...jwk, e: 'AQ' }],
    ['an even e', { ...jwk, e: 'Ag' }],
    ['no n', { ...jwk, n: undefined }],
    ['a numeric n', { ...jwk, n: 5 }],
    ['a modulus of 1024 bits', { ...jwk, n: Buffer.alloc(128, 0xff).toString('base64url') }],
    ['a modulus of more than 8192 bits', { ...jwk, n: Buffer.alloc(1032, 0xff).toString('base64url') }],
    ['a modulus of 16384 bits', { ...jwk, n: Buffer.alloc(2048, 0xff).toString('base64url') }],
    ['an e of 33 bits', { ...jwk, e: 'AQAAAAE' }],
    ['an e as long as n', { ...jwk, e: jwk['n'] }],
    ['an elliptic curve', ecKey.jwk],
    ['null', null],
    ['a string', 'x'],
    ['a list', [jwk]],
  ])('IT26, IT28: for RS256 with %s is passed over, and the keys beside it are not', (_what, bad) => {
    expect(kidsFor('RS256', bad, otherRsaKey.jwk)).toEqual(['rsa-2'])
  })

  test('may have null for members that it lacks, as some serializers write', () => {
    const nothing = { use: null, key_ops: null, alg: null, kid: null, d: null, p: null, q: null, oth: null, k: null }
    expect(kidsFor('RS256', { ...jwk, ...nothing })).toEqual([undefined])
    expect(kidsFor('RS256', { ...jwk, ...nothing, kid: 'a', use: 'sig', key_ops: ['verify'] })).toEqual(['a'])
    expect(importKeySet({ keys: [{ ...jwk, ...nothing, use: 'enc' }] })).toMatchObject({ ignored: 1, encryption: [{}] })
  })

  test.each([
    ['e = 3', { ...jwk, e: 'Aw' }],
    ['the largest e', { ...jwk, e: '_____w' }],
    ['a modulus of 4096 bits', { ...jwk, n: Buffer.alloc(512, 0xff).toString('base64url') }],
    ['a modulus of 8192 bits', { ...jwk, n: Buffer.alloc(1024, 0xff).toString('base64url') }],
  ])('for RS256 with %s is accepted', (_what, good) => {
    expect(kidsFor('RS256', good)).toEqual(['rsa-1'])
  })

  test.each([
    ['P-384', signingKey('ES384').jwk],
    ['secp256k1', signingKey('ES256K').jwk],
    ['a curve that is not a string', { ...ecKey.jwk, crv: ['P-256'] }],
    ['a point off the curve', { ...ecKey.jwk, y: ecKey.jwk['x'] }],
    ['Ed25519', signingKey('Ed25519').jwk],
    ['RSA', rsaKey.jwk],
  ])('IT26: for ES256 on %s is passed over', (_what, bad) => {
    expect(kidsFor('ES256', bad, ecKey.jwk)).toEqual(['ec-1'])
  })

  test('of RSA serves all RSA algorithms, unless it names one', () => {
    for (const alg of ['RS256', 'RS512', 'PS256', 'PS384']) expect(kidsFor(alg, jwk)).toEqual(['rsa-1'])
    expect(kidsFor('RS256', { ...jwk, alg: 'RS256', use: 'sig', key_ops: ['verify'] })).toEqual(['rsa-1'])
  })

  test('of Ed25519 and Ed448 serves EdDSA and its own name', () => {
    const [ed25519, ed448] = [signingKey('Ed25519', { kid: 'a' }).jwk, signingKey('Ed448', { kid: 'b' }).jwk]
    expect(kidsFor('EdDSA', ed25519, ed448)).toEqual(['a', 'b'])
    expect(kidsFor('Ed25519', ed25519, ed448)).toEqual(['a'])
    expect(kidsFor('Ed448', ed25519, ed448)).toEqual(['b'])
  })

  test.each([undefined, null, [], 'x', {}, { keys: {} }, { keys: 'x' }])('cannot be read from %j', (document) => {
    expect(importKeySet(document)).toBeUndefined()
  })

  test('JK04: is refused with a set of more than 100 keys', () => {
    expect(importKeySet({ keys: Array.from({ length: 100 }, () => jwk) })).toBeDefined()
    expect(importKeySet({ keys: Array.from({ length: 101 }, () => jwk) })).toBeUndefined()
  })

  test('JK04, IT15: is one of sixteen at most that are tried for a token without kid, and the rest is counted', () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ ...jwk, kid: `k${i}` }))
    const set = importKeySet({ keys: many })
    expect(kidsFor('RS256', ...many)).toEqual(Array.from({ length: 16 }, (_, i) => `k${i}`))
    expect(set?.keys.get('RS256')?.get('k19')).toHaveLength(1)
    expect(set?.surplus.get('RS256')).toBe(4)
  })

  test('JK04: is one of four at most that are tried under one name', () => {
    const same = Array.from({ length: 6 }, () => signingKey('ES256', { kid: 'k' }).jwk)
    expect(importKeySet({ keys: same })?.keys.get('ES256')?.get('k')).toHaveLength(4)
  })

  test('for EdDSA may be called by EdDSA or by the name of its curve', () => {
    const ed = signingKey('Ed25519', { kid: 'a' }).jwk
    for (const alg of ['EdDSA', 'Ed25519']) {
      const set = importKeySet({ keys: [{ ...ed, alg }] })
      expect([...(set?.keys.keys() ?? [])].sort()).toEqual(['Ed25519', 'EdDSA'])
    }
    expect(importKeySet({ keys: [{ ...ed, alg: 'Ed448' }] })?.imported.size).toBe(0)
    expect(importKeySet({ keys: [{ ...ed, alg: 'ES256' }] })?.imported.size).toBe(0)
  })

  test('is counted where it was passed over', () => {
    expect(importKeySet({ keys: [jwk, { ...jwk, use: 'enc' }, null] })?.ignored).toBe(2)
  })
})

describe('finding a key', () => {
  test('fetches a key once and then finds it without waiting', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    expect(keys.find(rs256('rsa-1'))).toEqual([])
    const [key] = await keys.load(rs256('rsa-1'))
    expect(key).toMatchObject({ kid: 'rsa-1', alg: 'RS256' })
    expect(keys.find(rs256('rsa-1'))).toEqual([key])
    await keys.load(rs256('rsa-1'))
    expect(fetches(op)).toBe(1)
  })

  test('IT15: considers every suitable key where there is no kid', async () => {
    const op = new FakeProvider()
    op.jwks(rsaKey.jwk, ecKey.jwk, otherRsaKey.jwk)
    const candidates = await keysOf(op).load(rs256())
    expect(candidates.map(({ kid }) => kid)).toEqual(['rsa-1', 'rsa-2'])
    const jws = decodeJws(await mint({ sub: 'x' }, otherRsaKey.privateKey, { alg: 'RS256' }))
    expect(() => verifySignature(jws, candidates, ['RS256'])).not.toThrow()
  })

  test.each(['__proto__', 'constructor', '../../etc/passwd', "' or 1=1 --", 'toString'])(
    'IT17: uses the kid %p as a name only',
    async (kid) => {
      const op = new FakeProvider()
      expect(await failureOf(keysOf(op).load(rs256(kid)))).toMatchObject({ code: 'token_key_not_found' })
      op.jwks({ ...rsaKey.jwk, kid })
      await expect(keysOf(op).load(rs256(kid))).resolves.toHaveLength(1)
    },
  )

  test('never fetches keys that are configured', async () => {
    const keys = createStaticKeys({ keys: [rsaKey.jwk] })
    await keys.ready()
    expect(keys.find(rs256('rsa-1'))).toHaveLength(1)
    await expect(keys.load(rs256())).resolves.toHaveLength(1)
    expect(await failureOf(keys.load(rs256('other')))).toMatchObject({ code: 'token_key_not_found' })
    expect([keys.generation, keys.freshness()]).toEqual([1, { state: 'fresh' }])
    keys.close()
    for (const bad of [{}, { keys: [] }, { keys: [{ kty: 'oct', k: 'eHg' }] }]) {
      expect(await failureOf(() => createStaticKeys(bad))).toMatchObject({ code: 'invalid_options' })
    }
  })

  test('shares one fetch between concurrent first uses', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await Promise.all([keys.ready(), keys.load(rs256('rsa-1')), keys.load(rs256('rsa-1'))])
    expect(fetches(op)).toBe(1)
  })
})

describe('the rotation of keys', () => {
  test('JK01: a new kid is fetched at once, and again when the provider rotates seconds later', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    for (const kid of ['a', 'b', 'c']) {
      op.jwks({ ...rsaKey.jwk, kid })
      await expect(keys.load(rs256(kid))).resolves.toHaveLength(1)
    }
    expect(fetches(op)).toBe(4)
  })

  test('JK02: a flood of invented kids costs three fetches, then one in 30 seconds', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    const flood = async (name: string) => {
      for (let i = 0; i < 200; i++) await failureOf(keys.load(rs256(`${name}${i}`)))
    }
    await flood('a')
    expect(fetches(op)).toBe(4)
    op.clock.advance(29)
    await flood('b')
    expect(fetches(op)).toBe(4)
    op.clock.advance(1)
    await flood('c')
    expect(fetches(op)).toBe(5)
    op.clock.advance(-300)
    await flood('d')
    expect(fetches(op)).toBe(5)
  })

  test('JK02: a lookup that is throttled is not "not published": it says when to come back, and known keys keep working', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    for (let i = 0; i < 3; i++) {
      expect(await failureOf(keys.load(rs256(`x${i}`)))).toMatchObject({ code: 'token_key_not_found' })
    }
    op.clock.advance(10)
    const error = await failureOf(keys.load(rs256('new')))
    expect(error).toMatchObject({ code: 'provider_keys_throttled', status: 503, headers: { 'Retry-After': '20' } })
    expect(keys.find(rs256('rsa-1'))).toHaveLength(1)
    op.jwks({ ...rsaKey.jwk, kid: 'new' })
    op.clock.advance(20)
    await expect(keys.load(rs256('new'))).resolves.toHaveLength(1)
  })

  test('JK02: tokens from the provider itself have a budget that strangers cannot use, and the keys that it finds serve all', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    for (let i = 0; i < 30; i++) await failureOf(keys.load(rs256(`x${i}`)))
    op.jwks({ ...rsaKey.jwk, kid: 'new' })
    expect(await failureOf(keys.load(rs256('new')))).toMatchObject({ code: 'provider_keys_throttled' })
    await expect(keys.load(rs256('new'), { from: 'provider' })).resolves.toHaveLength(1)
    await expect(keys.load(rs256('new'))).resolves.toHaveLength(1)
    expect(fetches(op)).toBe(5)
  })

  test('JK02: a kid that a stranger asked for before it was published is found all the same', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    await failureOf(keys.load(rs256('next')))
    op.jwks({ ...rsaKey.jwk, kid: 'next' })
    await expect(keys.load(rs256('next'), { from: 'provider' })).resolves.toHaveLength(1)
  })

  test('JK02: a provider that never publishes its key is asked ten times, then once in ten seconds', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    for (let i = 0; i < 50; i++) await failureOf(keys.load(rs256('gone'), { from: 'provider' }))
    expect(fetches(op)).toBe(11)
    op.clock.advance(10)
    for (let i = 0; i < 50; i++) await failureOf(keys.load(rs256('gone'), { from: 'provider' }))
    expect(fetches(op)).toBe(12)
  })

  test.each(['provider', 'anyone'] as const)('JK01: a fetch that finds its key costs nothing (%s)', async (from) => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    for (let i = 0; i < 20; i++) {
      op.jwks({ ...rsaKey.jwk, kid: `k${i}` })
      await expect(keys.load(rs256(`k${i}`), { from })).resolves.toHaveLength(1)
    }
  })

  test('JK03: a fetch that fails costs nothing except its wait', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.answers['/jwks'] = new Response('', { status: 503 })
    for (let i = 0; i < 10; i++) {
      expect(await failureOf(keys.load(rs256('new')))).toMatchObject({ code: 'provider_unavailable' })
      op.clock.advance(60)
    }
    op.jwks({ ...rsaKey.jwk, kid: 'new' })
    await expect(keys.load(rs256('new'))).resolves.toHaveLength(1)
  })

  test('JK02: the same unknown kid is not asked for again within 30 seconds, unless the set was fetched since', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    await failureOf(keys.load(rs256('late')))
    await failureOf(keys.load(rs256('late')))
    expect(fetches(op)).toBe(2)
    op.jwks({ ...rsaKey.jwk, kid: 'late' }, { ...rsaKey.jwk, kid: 'other' })
    await failureOf(keys.load(rs256('late')))
    await expect(keys.load(rs256('other'))).resolves.toHaveLength(1)
    await expect(keys.load(rs256('late'))).resolves.toHaveLength(1)
    expect(fetches(op)).toBe(3)
  })

  test('JK02: an unknown kid is asked for again after 30 seconds', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    await failureOf(keys.load(rs256('late')))
    op.jwks({ ...rsaKey.jwk, kid: 'late' })
    op.clock.advance(30)
    await expect(keys.load(rs256('late'))).resolves.toHaveLength(1)
  })

  test('JK02: a kid of excessive length is never asked for', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    expect(await failureOf(keys.load(rs256('x'.repeat(3000))))).toMatchObject({ code: 'token_key_not_found' })
    expect(fetches(op)).toBe(1)
  })

  test('JK01: a fetch that was under way when the key was published does not settle the question', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    let release = (_response: Response) => {}
    op.answers['/jwks'] = () => new Promise<Response>((resolve) => (release = resolve))
    const first = failureOf(keys.load(rs256('gone')))
    await settled()
    const second = keys.load(rs256('new'))
    await settled()
    op.jwks({ ...rsaKey.jwk, kid: 'new' })
    release(json({ keys: [rsaKey.jwk] }))
    await expect(second).resolves.toHaveLength(1)
    expect(await first).toMatchObject({ code: 'token_key_not_found' })
    expect(fetches(op)).toBe(3)
  })

  test('JK01: a caller that waits for a fetch under way gets the key that it brings', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    let release = (_response: Response) => {}
    op.answers['/jwks'] = () => new Promise<Response>((resolve) => (release = resolve))
    const both = Promise.all([keys.load(rs256('new')), keys.load(rs256('new'))])
    await settled()
    release(json({ keys: [{ ...rsaKey.jwk, kid: 'new' }] }))
    await expect(both).resolves.toHaveLength(2)
    expect(fetches(op)).toBe(2)
  })

  test('JK07: a key that was removed is unusable after the next refresh, and the generation grows', async () => {
    const op = new FakeProvider()
    op.jwks(rsaKey.jwk, otherRsaKey.jwk)
    const keys = keysOf(op)
    await keys.ready()
    expect(keys.generation).toBe(1)
    op.jwks(rsaKey.jwk)
    op.clock.advance(600)
    expect(keys.find(rs256('rsa-2'))).toHaveLength(1)
    await settled()
    expect(keys.find(rs256('rsa-2'))).toEqual([])
    expect(keys.generation).toBe(2)
  })

  test('an unchanged set keeps its keys and its generation', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    const [before] = await keys.load(rs256('rsa-1'))
    op.jwks({ ...rsaKey.jwk, 'x-note': 'reordered' })
    op.clock.advance(600)
    keys.find(rs256())
    await settled()
    expect(fetches(op)).toBe(2)
    expect(keys.find(rs256('rsa-1'))[0]).toBe(before)
    expect(keys.generation).toBe(1)
  })

  test('a key that is replaced under the same kid is another key', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.jwks({ ...otherRsaKey.jwk, kid: 'rsa-1' })
    op.clock.advance(600)
    keys.find(rs256())
    await settled()
    expect(keys.generation).toBe(2)
    const jws = decodeJws(await mint({ sub: 'x' }, otherRsaKey.privateKey))
    expect(() => verifySignature(jws, keys.find(rs256('rsa-1')), ['RS256'])).not.toThrow()
  })

  test.each([['its old kid', { kid: 'rsa-1' }] as const, ['no kid', {}] as const])(
    'a key that took the place of another under %s is fetched when a signature does not fit',
    async (_what, named) => {
      const op = new FakeProvider()
      op.jwks({ ...rsaKey.jwk, kid: undefined, ...named })
      const keys = keysOf(op)
      await keys.ready()
      const isSigned = await signedBy(otherRsaKey.privateKey)
      op.jwks({ ...otherRsaKey.jwk, kid: undefined, ...named })
      await expect(keys.load({ alg: 'RS256', ...named }, { isSigned })).resolves.toHaveLength(1)
      expect([keys.generation, fetches(op)]).toEqual([2, 2])
    },
  )

  test('signatures that no key made cost three fetches, use none of the budget of unknown names, and stay refusals', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    const isSigned = await signedBy(otherRsaKey.privateKey)
    for (let i = 0; i < 20; i++) {
      const error = await failureOf(keys.load(rs256('rsa-1'), { isSigned }))
      expect(error).toMatchObject({ code: 'token_signature_invalid' })
    }
    expect(fetches(op)).toBe(4)
    op.jwks({ ...rsaKey.jwk, kid: 'new' })
    await expect(keys.load(rs256('new'))).resolves.toHaveLength(1)
  })

  test('an invalid signature of a stranger stays a refusal while the provider is down; one of the provider is undecided', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    const isSigned = await signedBy(otherRsaKey.privateKey)
    op.answers['/jwks'] = new Response('', { status: 503 })
    expect(await failureOf(keys.load(rs256('rsa-1'), { isSigned }))).toMatchObject({ code: 'token_signature_invalid' })
    expect(await failureOf(keys.load(rs256('rsa-1'), { isSigned, from: 'provider' }))).toMatchObject({
      code: 'provider_unavailable',
    })
  })

  test('a token without kid that no known key signed is undecided, not refused, while its issuer may not be asked', async () => {
    const op = new FakeProvider()
    op.jwks({ ...rsaKey.jwk, kid: undefined })
    const keys = keysOf(op)
    await keys.ready()
    const forged = await signedBy(signingKey('RS256').privateKey)
    for (let i = 0; i < 3; i++) {
      expect(await failureOf(keys.load({ alg: 'RS256' }, { isSigned: forged }))).toMatchObject({
        code: 'token_signature_invalid',
      })
    }
    const isSigned = await signedBy(otherRsaKey.privateKey)
    const error = await failureOf(keys.load({ alg: 'RS256' }, { isSigned }))
    expect(error).toMatchObject({ code: 'provider_keys_throttled', status: 503 })
    op.answers['/jwks'] = new Response('', { status: 503 })
    op.clock.advance(60)
    expect(await failureOf(keys.load({ alg: 'RS256' }, { isSigned }))).toMatchObject({ code: 'provider_unavailable' })
  })

  test('a token of the provider with an unknown key is never refused once the provider’s budget is used up', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    const isSigned = await signedBy(otherRsaKey.privateKey)
    const codes: unknown[] = []
    for (let i = 0; i < 11; i++) {
      codes.push(await failureOf(keys.load(rs256('rsa-1'), { isSigned, from: 'provider' })))
    }
    expect(codes.at(-1)).toMatchObject({ code: 'provider_keys_throttled', status: 503 })
  })

  test('a kid of a thousand letters is asked for like any other', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    const kid = 'k'.repeat(1000)
    op.jwks({ ...rsaKey.jwk, kid })
    await expect(keys.load(rs256(kid))).resolves.toHaveLength(1)
  })

  test('a set that was just fetched for the token settles the question', async () => {
    const op = new FakeProvider()
    const isSigned = await signedBy(otherRsaKey.privateKey)
    expect(await failureOf(keysOf(op).load(rs256('rsa-1'), { isSigned }))).toMatchObject({
      code: 'token_signature_invalid',
    })
    expect(fetches(op)).toBe(1)
  })

  test.each([
    ['an empty set', []],
    ['a set without a usable key', [{ ...rsaKey.jwk, use: 'enc' }, signingKey('ES256K').jwk]],
  ])('does not include %s, which is the provider’s fault', async (_what, published) => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.jwks(...published)
    expect(await failureOf(keysOf(op).ready())).toMatchObject({ code: 'provider_keys_invalid', status: 502 })
    expect(await failureOf(keys.load(rs256('new'), { from: 'provider' }))).toMatchObject({
      code: 'provider_keys_invalid',
    })
    op.clock.advance(7200)
    await expect(keys.load(rs256('rsa-1'))).resolves.toHaveLength(1)
    expect(keys.generation).toBe(1)
  })
})

describe('the age of keys', () => {
  test('lets them serve for up to twice their maximum age while they are fetched in the background', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.jwks(otherRsaKey.jwk)
    op.clock.advance(1199)
    expect(keys.find(rs256('rsa-1'))).toHaveLength(1)
    await settled()
    expect(keys.find(rs256('rsa-1'))).toEqual([])
  })

  test.each([1200, 3600, 40_000])('JK07: lets no withdrawn key verify a token after %s idle seconds', async (idle) => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.jwks(otherRsaKey.jwk)
    op.clock.advance(idle)
    expect(keys.find(rs256('rsa-1'))).toEqual([])
    expect(await failureOf(keys.load(rs256('rsa-1')))).toMatchObject({ code: 'token_key_not_found' })
    expect(keys.find(rs256('rsa-2'))).toHaveLength(1)
    expect(fetches(op)).toBe(2)
  })

  test('lets old keys serve after an idle time once the fetch has failed, and nobody waits while it goes on failing', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.answers['/jwks'] = new Response('', { status: 503 })
    op.clock.advance(3600)
    await expect(keys.load(rs256('rsa-1'))).resolves.toHaveLength(1)
    for (let i = 0; i < 10; i++) {
      op.clock.advance(60)
      expect(keys.find(rs256('rsa-1'))).toHaveLength(1)
      await settled()
    }
    op.jwks(otherRsaKey.jwk)
    op.clock.advance(3600)
    expect(keys.find(rs256('rsa-1'))).toEqual([])
    expect(await failureOf(keys.load(rs256('rsa-1')))).toMatchObject({ code: 'token_key_not_found' })
  })
})

describe('an outage of keys', () => {
  const outage = new Response('', { status: 503 })

  test('JK03: lets old keys serve while the provider is down, with one attempt per wait', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.answers['/jwks'] = outage
    op.clock.advance(3600)
    await keys.ready()
    for (let i = 0; i < 50; i++) {
      expect(keys.find(rs256('rsa-1'))).toHaveLength(1)
      await settled()
    }
    expect(fetches(op)).toBe(2)
    expect(keys.freshness()).toEqual({ state: 'stale', ageSeconds: 3600, lastFailure: 'provider_unavailable' })
    op.jwks(rsaKey.jwk)
    op.clock.advance(1)
    keys.find(rs256('rsa-1'))
    await settled()
    expect(keys.freshness()).toEqual({ state: 'fresh', ageSeconds: 0 })
  })

  test('JK03: with keys that are too old is reported as an outage, never as a refusal of the token', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.answers['/jwks'] = outage
    op.clock.advance(600 + 86_400)
    expect(keys.find(rs256('rsa-1'))).toEqual([])
    await settled()
    const error = await failureOf(keys.load(rs256('rsa-1')))
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
    expect(error.headers).toHaveProperty('Retry-After')
  })

  test('makes an unknown kid an outage, since it may have been published', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.answers['/jwks'] = outage
    expect(await failureOf(keys.load(rs256('new')))).toMatchObject({ code: 'provider_unavailable' })
    expect(await failureOf(keys.load(rs256('new')))).toMatchObject({ code: 'provider_unavailable' })
    expect(keys.find(rs256('rsa-1'))).toHaveLength(1)
    expect(fetches(op)).toBe(2)
  })

  test.each([
    ['HTML', () => new Response('<html>')],
    ['no set', () => json({})],
    ['a status of 404', () => json({ keys: [] }, 404)],
    ['too many keys', () => json({ keys: Array.from({ length: 101 }, () => rsaKey.jwk) })],
  ])('caused by %s is the provider’s fault, and leaves the good keys in place', async (_what, answer) => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    op.answers['/jwks'] = answer
    expect(await failureOf(keysOf(op).ready())).toMatchObject({ code: 'provider_keys_invalid', status: 502 })
    op.clock.advance(700)
    keys.find(rs256())
    await settled()
    expect(keys.find(rs256('rsa-1'))).toHaveLength(1)
  })

  test('JK04: is a set of more than 512 KiB, which is cut off', async () => {
    const op = new FakeProvider()
    op.answers['/jwks'] = json({ keys: [], x: 'x'.repeat(512 * 1024) })
    expect(await failureOf(keysOf(op).ready())).toMatchObject({ code: 'provider_response_too_large' })
  })

  test('RE01: leaves a bounded number of unknown kids in the cache', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    for (let i = 0; i < 3000; i++) await failureOf(keys.load(rs256(`x${i}`)))
    op.clock.advance(3000)
    expect(fetches(op)).toBe(4)
  })

  test('RE03: is not tried again after close(), which ends all fetches', async () => {
    const op = new FakeProvider()
    const keys = keysOf(op)
    await keys.ready()
    keys.close()
    op.clock.advance(700)
    expect(keys.find(rs256('rsa-1'))).toHaveLength(1)
    await settled()
    expect(fetches(op)).toBe(1)
  })
})
