import { describe, expect, test } from '@jest/globals'
import {
  deviceAlgorithms,
  type DeviceProof,
  readDeviceProof,
  registeredKey,
  structuredText,
  verifyDeviceProof,
} from '../../../lib/session/device-bound/device-proof.js'
import { SessionError, TokenValidationError } from '../../../lib/errors.js'
import { jwkThumbprint } from '../../../lib/jose/jwk-set.js'
import { type DeviceKeyPair, deviceProof, newDeviceKey, type ProofChanges } from '../../kit/devices/device-browser.js'

const origin = 'https://app.example.com'
const keys: Readonly<Record<DeviceKeyPair['alg'], DeviceKeyPair>> = {
  ES256: newDeviceKey('ES256'),
  RS256: newDeviceKey('RS256'),
}
const key = keys.ES256
const jwkOf = ({ publicKey }: DeviceKeyPair) => publicKey.export({ format: 'jwk' })

/** A proof as this package reads it. */
const read = (changes: ProofChanges = {}, of = key, isRegistration = true): DeviceProof =>
  readDeviceProof(deviceProof('a-challenge', of, isRegistration, changes), origin)

function refusalOf(step: () => unknown): unknown {
  try {
    return step()
  } catch (error) {
    return error
  }
}

/** Expects the refusal of a proof, for this reason. */
function expectRefused(step: () => unknown, why: string): void {
  const refusal = refusalOf(step)
  expect(refusal).toBeInstanceOf(SessionError)
  expect(refusal).toMatchObject({
    code: 'device_proof_invalid',
    message: `the proof of the device is refused: ${why}`,
  })
  expect((refusal as SessionError).details).toEqual({ subject: 'device proof', seen: why })
}

describe('the proof of a device', () => {
  test.each([
    ['as Chromium sends it', (text: string) => text],
    ['as a structured field', (text: string) => `"${text}"`],
    ['with parameters', (text: string) => `"${text}";a=b`],
  ])('is read %s', (_what, written) => {
    const proof = readDeviceProof(written(deviceProof('a-challenge', key, false)), origin)
    expect([proof.jti, proof.jws.header.alg]).toEqual(['a-challenge', 'ES256'])
  })

  test.each([[undefined], [''], ['""'], ['two words'], ['ä'], ['"a'], ['a"'], ['"a"b'], ['a;b=c'], ['a\nb'], [' a']])(
    'is not there where the header is %j',
    (header) => {
      expect(structuredText(header)).toBeUndefined()
      expectRefused(() => readDeviceProof(header, origin), 'the header Secure-Session-Response holds no proof')
    },
  )

  test.each([
    ['azAZ09._-', 'azAZ09._-'],
    ['"azAZ09._-"', 'azAZ09._-'],
    ['"a";b', 'a'],
    ['"a";', 'a'],
  ])('is a text: %j', (header, text) => {
    expect(structuredText(header)).toBe(text)
  })

  test('may be for this application by name, whatever the path', () => {
    for (const aud of [origin, `${origin}/refresh`]) expect(read({ payload: { aud } }).jti).toBe('a-challenge')
  })

  test.each(['https://other.example.com', 'http://app.example.com', 'app', 5, null, [origin]])(
    'is refused for another audience: %j',
    (aud) => {
      expectRefused(() => read({ payload: { aud } }), 'aud is of another application')
    },
  )

  test.each([undefined, 5, null])('is refused without a challenge: %j', (jti) => {
    expectRefused(() => read({ payload: { jti } }), 'jti, which is the challenge, is missing')
  })

  test.each([undefined, 'JWT', 'dbsc'])('is refused as a token of another type: %j', (typ) => {
    expectRefused(() => read({ header: { typ } }), 'typ must be dbsc+jwt')
  })

  test('is refused with an algorithm that browsers do not have', () => {
    expect(deviceAlgorithms).toEqual(['ES256', 'RS256'])
    const why = 'the token is signed with "PS256", and "algorithms" allows ES256, RS256'
    expectRefused(() => read({ header: { alg: 'PS256' } }), why)
  })

  test('is refused where it is no token, with the reason as its cause', () => {
    const why = 'the token does not have three segments: it is opaque, or cut short'
    expectRefused(() => readDeviceProof('a.b', origin), why)
    expect(refusalOf(() => readDeviceProof('a.b', origin))).toMatchObject({ cause: expect.any(TokenValidationError) })
  })

  test('may have 4096 characters, and no more', () => {
    const parts = [{ alg: 'ES256', typ: 'dbsc+jwt' }, { jti: 'a-challenge' }]
    const text = parts.map((part) => `${Buffer.from(JSON.stringify(part)).toString('base64url')}.`).join('')
    const [longest, longer] = [text.padEnd(4096, 'A'), text.padEnd(4097, 'A')]
    expect(refusalOf(() => readDeviceProof(longest, origin))).not.toMatchObject({
      message: expect.stringContaining('too long'),
    })
    expectRefused(() => readDeviceProof(longer, origin), 'the token is too long')
  })
})

describe('the key in the proof of a registration', () => {
  test.each(['ES256', 'RS256'] as const)('of %s is taken with the members that a thumbprint has', (alg) => {
    const jwk = jwkOf(keys[alg])
    const found = registeredKey(read({ header: { jwk: { ...jwk, ext: true, note: 'x' } } }, keys[alg]))
    expect(found.jwk).toEqual(jwk)
    expect(Object.keys(found.jwk).sort()).toEqual(alg === 'RS256' ? ['e', 'kty', 'n'] : ['crv', 'kty', 'x', 'y'])
    expect(found.thumbprint).toBe(jwkThumbprint(jwk))
    expect(found.keys.map((each) => each.alg)).toEqual([alg])
  })

  test.each([
    ['missing', undefined],
    ['no object', 'text'],
    ['a list', [jwkOf(key)]],
    ['of another algorithm', jwkOf(keys.RS256)],
    ['a private one', key.privateKey.export({ format: 'jwk' })],
    ['cut short', { ...jwkOf(key), y: undefined }],
  ])('is refused where it is %s', (_what, jwk) => {
    expectRefused(() => registeredKey(read({ header: { jwk } })), 'jwk is not a public key for this alg')
  })

  test('is refused where another one has made the signature', () => {
    const proof = read({ key: newDeviceKey() })
    expectRefused(() => registeredKey(proof), 'the token is not signed by a key of its issuer')
  })
})

describe('a further proof', () => {
  test.each(['ES256', 'RS256'] as const)('of %s is verified with the key that was registered', (alg) => {
    const jwk = jwkOf(keys[alg])
    const found = verifyDeviceProof(read({}, keys[alg], false), jwk)
    expect([found.jwk, found.thumbprint]).toEqual([jwk, jwkThumbprint(jwk)])
  })

  test('is refused with the signature of another key, even one that it names itself', () => {
    const thief = newDeviceKey()
    for (const isRegistration of [true, false]) {
      const proof = read({}, thief, isRegistration)
      expectRefused(() => verifyDeviceProof(proof, jwkOf(key)), 'the token is not signed by a key of its issuer')
    }
  })

  test('is refused with an algorithm of another key', () => {
    expectRefused(() => verifyDeviceProof(read({}, keys.RS256), jwkOf(key)), 'it is signed with another key')
  })

  test('may find a key that nobody can read, which is another one', () => {
    expectRefused(() => verifyDeviceProof(read(), { kty: 'EC' }), 'it is signed with another key')
  })
})
