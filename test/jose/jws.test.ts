import { createHmac, sign } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { compactVerify } from 'jose'
import { algorithms, leftHalfHash, publicVerificationKey, secretVerificationKey } from '../../lib/jose/algorithms.js'
import { type JwsHeader, decodeJws, requireAlgorithm, verifySignature } from '../../lib/jose/jws.js'
import { parseStrictJson } from '../../lib/base/json.js'
import { failureOf } from '../kit/failure.js'
import { ecKey, mint, otherRsaKey, rsaKey, signingKey } from '../kit/provider/keys.js'
import { keyPair } from '../kit/key-pair.js'

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const token = (header: unknown, payload: unknown = { sub: 'x' }, signature = 'AAAA') =>
  `${encode(header)}.${encode(payload)}.${signature}`
const refused = async (text: string) =>
  expect(await failureOf(() => decodeJws(text))).toMatchObject({ code: 'token_malformed' })

function publicKeyFor(alg: string, key = rsaKey.publicKey) {
  const rule = algorithms.get(alg)
  if (rule === undefined) throw new Error(alg)
  return publicVerificationKey(key, alg, rule)
}

describe('the compact form of a token', () => {
  test('is taken apart and frozen', async () => {
    const jws = decodeJws(await mint({ sub: 'x', nested: { list: [{}] } }))
    expect(jws.header).toEqual({ alg: 'RS256', kid: 'rsa-1' })
    expect(jws.payload).toEqual({ sub: 'x', nested: { list: [{}] } })
    const nested = jws.payload['nested'] as { list: object[] }
    for (const part of [jws.header, jws.payload, nested, nested.list, nested.list[0]]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })

  test.each([
    '',
    '.',
    '..',
    'a',
    'a.b',
    'a.b.c.d',
    'a.b.c.d.e',
    '...',
    `.${encode({})}.AAAA`,
    `${encode({ alg: 'RS256' })}..AAAA`,
  ])('IT23: is refused: %p', (text) => refused(text))

  test('IT22: is limited to 16384 characters, unless configured otherwise', async () => {
    const long = token({ alg: 'RS256' }, { x: 'x'.repeat(13_000) })
    expect(long.length).toBeGreaterThan(16_384)
    await refused(long)
    expect(decodeJws(long, { maxBytes: 20_000 }).payload).toHaveProperty('x')
    await refused('x'.repeat(20_000_000))
  })

  test('IT22: is refused where JSON is nested beyond 32', async () => {
    const nested = (depth: number) => `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    await refused(token({ alg: 'RS256' }, nested(33)))
    expect(decodeJws(token({ alg: 'RS256' }, nested(32))).payload).toHaveProperty('x')
    await refused(token({ alg: 'RS256' }, nested(5000)))
  })

  test('has one spelling: padding, white space, other alphabets and stray bits are refused', async () => {
    const good = await mint({ sub: '???>>>' })
    const [header = '', payload = '', signature = ''] = good.split('.')
    expect(() => decodeJws(good)).not.toThrow()
    const stray = `${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)}`
    for (const other of [
      `${good}\n`,
      ` ${good}`,
      `${good}==`,
      `${header}=.${payload}.${signature}`,
      `${header}.${payload.slice(0, 4)} ${payload.slice(4)}.${signature}`,
      `${header}.${Buffer.from('{"sub":"???>>>"}').toString('base64')}.${signature}`,
      `${header}.${payload}.${stray}`,
      `${header}.${payload}.é`,
    ]) {
      await refused(other)
    }
  })
})

describe('the header of a token', () => {
  test.each([
    ['no alg', {}],
    ['a numeric alg', { alg: 5 }],
    ['a null alg', { alg: null }],
    ['a list as alg', { alg: ['RS256'] }],
    ['a numeric kid', { alg: 'RS256', kid: 1 }],
    ['a numeric typ', { alg: 'RS256', typ: 1 }],
    ['crit with an unknown name', { alg: 'RS256', crit: ['x'], x: 1 }],
    ['an empty crit', { alg: 'RS256', crit: [] }],
    ['crit with a standard name', { alg: 'RS256', crit: ['alg'] }],
    ['a null crit', { alg: 'RS256', crit: null }],
    ['b64 false', { alg: 'RS256', b64: false }],
    ['b64 true', { alg: 'RS256', b64: true }],
    ['zip', { alg: 'RS256', zip: 'DEF' }],
    ['an array', ['RS256']],
    ['a string', '"RS256"'],
    ['no JSON', '{alg:RS256}'],
    ['crit twice', '{"alg":"RS256","crit":["x"],"crit":["x"]}'],
    ['alg twice', '{"alg":"none","alg":"RS256"}'],
    ['alg twice, once escaped', '{"alg":"none","\\u0061lg":"RS256"}'],
    ['__proto__', '{"alg":"RS256","__proto__":{"kid":"x"}}'],
  ])('IT14: is refused with %s', (_what, header) => refused(token(header)))

  test('IT17: may name or hold keys, which are carried along without effect', () => {
    const header = { alg: 'RS256', jku: 'https://evil.example', x5u: 'https://evil.example', x5c: ['x'], jwk: {} }
    expect(decodeJws(token(header)).header).toEqual(header)
  })

  test('is not parsed again where it was seen before, and only 64 are remembered', () => {
    const headers = new Map<string, JwsHeader>()
    const first = decodeJws(token({ alg: 'RS256', kid: '0' }), { headers })
    expect(decodeJws(token({ alg: 'RS256', kid: '0' }), { headers }).header).toBe(first.header)
    for (let kid = 1; kid < 200; kid++) decodeJws(token({ alg: 'RS256', kid: String(kid) }), { headers })
    expect(headers.size).toBeLessThanOrEqual(64)
    decodeJws(token({ alg: 'RS256', kid: 'x'.repeat(600) }), { headers })
    expect([...headers.keys()].every((key) => key.length <= 512)).toBe(true)
  })
})

describe('the payload of a token', () => {
  test.each([
    ['an array', '[]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['a number', '1'],
    ['a duplicate issuer', '{"iss":"bad","iss":"good"}'],
    ['a duplicate below', '{"a":{"b":1,"b":2}}'],
    ['a duplicate in a list', '{"a":[{"b":1,"b":2}]}'],
    ['a duplicate beside colons in strings', '{"a":"::","a":"::"}'],
    ['an escaped duplicate', '{"iss":"bad","\\u0069ss":"good"}'],
    ['a duplicate behind escaped quotes', '{"a":"\\"\\\\","a":1}'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['an escaped __proto__', '{"\\u005f_proto__":{"admin":true}}'],
    ['__proto__ below', '{"a":[{"__proto__":1}]}'],
    ['an unclosed string', '{"a'],
    ['trailing text', '{} {}'],
    ['a comment', '{}//'],
    ['nothing', ' '],
  ])('IT23, IT29: is refused with %s', (_what, payload) => refused(token({ alg: 'RS256' }, payload)))

  test('is refused where it is not UTF-8', () =>
    refused(
      `${encode({ alg: 'RS256' })}.${Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url')}.AAAA`,
    ))

  test.each<Record<string, unknown>>([
    {},
    { a: 'a:b{c}[d]"e"\\', 'b:"': ['\\', '\\\\', '"', '\\"'] },
    { name: 'Jürgen 李 😀', nested: { a: [1, [2, { b: null }], true] } },
    { '': '', toString: 1, hasOwnProperty: 2 },
    { constructor: { prototype: {} }, prototype: 'x' },
  ])('is accepted as it is: %j', (payload) => {
    expect({ ...parseStrictJson(Buffer.from(JSON.stringify(payload))) }).toEqual(payload)
  })
})

describe('the signature of a token', () => {
  test.each([
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
    'Ed448',
  ])('by %s is accepted as jose, or node:crypto where jose cannot, made it, and in no other form', async (alg) => {
    const key = /^[RP]S/.test(alg) ? rsaKey : signingKey(alg)
    const other = /^[RP]S/.test(alg) ? otherRsaKey : signingKey(alg)
    const good = alg === 'Ed448' ? signed(alg, key.privateKey) : await mint({ sub: 'x' }, key.privateKey, { alg })
    const jws = decodeJws(good)
    expect(() =>
      verifySignature(jws, [publicKeyFor(alg, other.publicKey), publicKeyFor(alg, key.publicKey)], [alg]),
    ).not.toThrow()
    const failure = failureOf(() => verifySignature(jws, [publicKeyFor(alg, other.publicKey)], [alg]))
    expect(await failure).toMatchObject({ code: 'token_signature_invalid' })
    const forged = { ...jws, signingInput: Buffer.from(`${jws.signingInput.toString()}A`) }
    expect(await failureOf(() => verifySignature(forged, [publicKeyFor(alg, key.publicKey)], [alg]))).toMatchObject({
      code: 'token_signature_invalid',
    })
  })

  test('IT06: by none, in any case, is never allowed, and no key is asked for', async () => {
    for (const alg of ['none', 'None', 'nOnE', '']) {
      const jws = decodeJws(token({ alg }))
      expect(await failureOf(() => verifySignature(jws, [publicKeyFor('RS256')], ['RS256']))).toMatchObject({
        code: 'token_algorithm_refused',
      })
    }
    expect(algorithms.has('none')).toBe(false)
  })

  test('IT07: uses an alg that the caller allows, as list or set, never one that the token chooses', async () => {
    const { header } = decodeJws(await mint({ sub: 'x' }))
    for (const allowed of [['ES256'], new Set(['ES256']), [], new Set<string>()]) {
      expect(await failureOf(() => requireAlgorithm(header, allowed))).toMatchObject({
        code: 'token_algorithm_refused',
      })
    }
    expect(() => requireAlgorithm(header, new Set(['RS256']))).not.toThrow()
  })

  test('IT08: is not verified by a public key used as HS256 secret', async () => {
    const pem = rsaKey.publicKey.export({ type: 'spki', format: 'pem' })
    for (const secret of [pem, JSON.stringify(rsaKey.jwk)]) {
      const input = `${encode({ alg: 'HS256', kid: 'rsa-1' })}.${encode({ sub: 'admin' })}`
      const jws = decodeJws(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)
      expect(await failureOf(() => verifySignature(jws, [publicKeyFor('RS256')], ['RS256', 'HS256']))).toMatchObject({
        code: 'token_signature_invalid',
      })
    }
  })

  test('IT09: is refused with a secret of less than 32 bytes', async () => {
    for (const secret of ['', 'secret', 'x'.repeat(31)]) {
      expect(await failureOf(() => secretVerificationKey(secret))).toMatchObject({ code: 'invalid_options' })
    }
  })

  test('by HS256 verifies with its secret only', async () => {
    const secret = 'a secret of at least thirty-two bytes'
    const jws = decodeJws(await mint({ sub: 'x' }, new TextEncoder().encode(secret), { alg: 'HS256' }))
    expect(() => verifySignature(jws, [secretVerificationKey(secret)], ['HS256'])).not.toThrow()
    for (const signature of [Buffer.alloc(32), Buffer.alloc(31), Buffer.alloc(64)]) {
      const failure = failureOf(() =>
        verifySignature({ ...jws, signature }, [secretVerificationKey(secret)], ['HS256']),
      )
      expect(await failure).toMatchObject({ code: 'token_signature_invalid' })
    }
  })

  test('IT25: by ES256 is refused where it is zeros, in DER, or of another length', async () => {
    const jws = decodeJws(await mint({ sub: 'x' }, ecKey.privateKey, { alg: 'ES256' }))
    const der = sign('sha256', jws.signingInput, ecKey.privateKey)
    const { signature } = jws
    for (const bad of [
      Buffer.alloc(64),
      der,
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), signature]),
      signature.subarray(0, 63),
      Buffer.concat([signature.subarray(0, 32), Buffer.alloc(32)]),
      Buffer.concat([Buffer.alloc(32), signature.subarray(32)]),
      Buffer.alloc(64, 0xff),
    ]) {
      const failure = failureOf(() =>
        verifySignature({ ...jws, signature: bad }, [publicKeyFor('ES256', ecKey.publicKey)], ['ES256']),
      )
      expect(await failure).toMatchObject({ code: 'token_signature_invalid' })
    }
  })

  test('is not verified by a key that was prepared for another algorithm', async () => {
    const jws = decodeJws(await mint({ sub: 'x' }, rsaKey.privateKey, { alg: 'PS256' }))
    expect(await failureOf(() => verifySignature(jws, [publicKeyFor('RS256')], ['PS256', 'RS256']))).toMatchObject({
      code: 'token_signature_invalid',
    })
  })

  test('agrees with jose on every changed character of a token, or is stricter', async () => {
    const good = await mint({ sub: 'x' }, ecKey.privateKey, { alg: 'ES256' })
    for (let at = 0; at < good.length; at++) {
      const changed = `${good.slice(0, at)}${good[at] === 'A' ? 'B' : 'A'}${good.slice(at + 1)}`
      const theirs = await compactVerify(changed, ecKey.publicKey).then(
        () => true,
        () => false,
      )
      let ours = true
      try {
        verifySignature(decodeJws(changed), [publicKeyFor('ES256', ecKey.publicKey)], ['ES256'])
      } catch {
        ours = false
      }
      expect(ours && !theirs).toBe(false)
      if (changed !== good && at < good.length - 1) expect(ours).toBe(false)
    }
  })
})

describe('the hash of a token', () => {
  test.each([
    ['RS256', 16],
    ['ES384', 24],
    ['PS512', 32],
    ['EdDSA', 32],
    ['Ed448', 57],
  ])('by %s is half of the full hash, %p bytes', (alg, bytes) => {
    expect(Buffer.from(leftHalfHash(alg, 'token'), 'base64url')).toHaveLength(bytes)
  })

  test('matches the example of OpenID Connect Core appendix A.3', () => {
    expect(leftHalfHash('RS256', 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y')).toBe('77QmUPtjPfzWtF2AnpK9RQ')
  })
})

function signed(alg: string, key: ReturnType<typeof keyPair>['privateKey']): string {
  const input = `${encode({ alg })}.${encode({ sub: 'x' })}`
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`
}
