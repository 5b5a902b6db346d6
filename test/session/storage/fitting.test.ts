import { beforeEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { idTokenClaims, issuedIdToken } from '../../../lib/session/claims.js'
import { createStatelessStorage, type StatelessStorage } from '../../../lib/session/storage/stateless.js'
import { pack, unpack } from '../../../lib/session/storage/packed-payload.js'
import { type SessionRecord, toPayload } from '../../../lib/session/record.js'
import { createSeal } from '../../../lib/seal/seal.js'
import type { TraceRemark } from '../../../lib/index.js'
import { record, sentBack, settings } from '../example.js'
import { entraTokens, jwt, keycloakTokens, type LargeTokens, roleNames } from '../../kit/world/large-tokens.js'
import { Clock, start } from '../../kit/clock.js'

let remarks: (readonly TraceRemark[])[] = []
beforeEach(() => {
  remarks = []
})

const watch = new Clock()
const storageOf = (changes: object = {}): StatelessStorage =>
  createStatelessStorage(settings(watch, { remark: (told) => remarks.push(told), ...changes }))

function recordOf(
  { accessToken, refreshToken, claims }: LargeTokens,
  changes: Partial<SessionRecord> = {},
): SessionRecord {
  return record({
    id: randomBytes(32).toString('base64url'),
    idToken: jwt({ iss: 'https://op.example.com', sub: 'alice', aud: 'web', ...claims }),
    tokens: {
      accessToken,
      refreshToken,
      tokenType: 'bearer',
      scope: 'openid',
      obtainedAt: start,
      expiresAt: start + 300,
    },
    ...changes,
  })
}

function readBack(cookies: Record<string, string>, storage = storageOf()): SessionRecord {
  const found = storage.read(cookies)
  if (typeof found !== 'object' || !('record' in found)) throw new Error('there is no session')
  return found.record
}

const bytesOf = (cookies: Record<string, string>): number =>
  Object.entries(cookies).reduce((sum, [name, value]) => sum + name.length + value.length + 3, 0)

describe('a session that is too large for its cookies', () => {
  test.each([
    ['a person with 60 roles at Keycloak', keycloakTokens(roleNames(60, 34))],
    ['a person with 150 roles of short names at Keycloak', keycloakTokens(roleNames(150, 12))],
    ['a person at Microsoft Entra', entraTokens()],
  ])('keeps all values unchanged by storing tokens as bytes: %s', (_name, tokens) => {
    const given = recordOf(tokens)
    const cookies = sentBack(storageOf().write(given, {}))
    expect(bytesOf(cookies)).toBeLessThanOrEqual(7168)
    expect(readBack(cookies)).toEqual(given)
    expect(remarks).toEqual([])
  })

  test('compresses claims and data where that is enough, and says so', () => {
    const roles = roleNames(70, 20)
    const given = recordOf(keycloakTokens(roles, { inIdToken: true }), { data: { roles } })
    const cookies = sentBack(storageOf().write(given, {}))
    expect(remarks).toEqual([['compressed']])
    expect(readBack(cookies)).toEqual(given)
  })

  test('loses the signature of its ID Token, and keeps the claims', () => {
    const given = recordOf(keycloakTokens(roleNames(150, 17)))
    const read = readBack(sentBack(storageOf().write(given, {})))
    expect(issuedIdToken(given)).toBe(given.idToken)
    expect(issuedIdToken(read)).toBeUndefined()
    expect(idTokenClaims(read)).toEqual(idTokenClaims(given))
    expect(read.tokens).toEqual(given.tokens)
    expect(remarks).toEqual([['id_token_left_out', 'compressed']])
  })

  test('loses its access token last, where a refresh token brings another, and then has room for the ID Token', () => {
    const given = recordOf(keycloakTokens(roleNames(150, 34)))
    const storage = storageOf()
    const cookies = sentBack(storage.write(given, {}))
    expect(bytesOf(cookies)).toBeLessThanOrEqual(7168)
    expect(readBack(cookies)).toEqual({ ...given, tokens: { ...given.tokens, accessToken: '' } })
    expect(remarks).toEqual([['access_token_left_out']])
  })

  test('has no access token to lose where the provider gave none', () => {
    const { accessToken: _accessToken, ...tokens } = recordOf(entraTokens()).tokens
    const refreshToken = jwt({ long: randomBytes(1500).toString('hex') })
    const given = recordOf(entraTokens(), { tokens: { ...tokens, refreshToken } })
    expect(readBack(sentBack(storageOf().write(given, {})))).toEqual(given)
    const tooLong = { ...tokens, refreshToken: jwt({ long: randomBytes(5000).toString('hex') }) }
    expect(() => storageOf().write({ ...given, tokens: tooLong }, {})).toThrow('access token 0')
  })

  test('still has its access token in the process that wrote it, as long as it is that of the cookie', () => {
    const storage = storageOf()
    const given = recordOf(keycloakTokens(roleNames(150, 34)))
    const cookies = sentBack(storage.write(given, {}))
    expect(readBack(cookies, storage)).toEqual(given)
    const tokens = { ...given.tokens, ...keycloakTokens(roleNames(150, 34)), generation: 1 }
    const { claims: _claims, ...renewed } = tokens
    const later = sentBack(storage.write({ ...given, tokens: renewed }, {}))
    expect(readBack(later, storage).tokens).toEqual(renewed)
    expect(readBack(cookies, storage).tokens.accessToken).toBe('')
    expect(readBack(sentBack(storage.write(readBack(cookies), {})), storage).tokens.accessToken).toBe('')
  })

  test('loses tokens for further targets before anything else', () => {
    const tokens = keycloakTokens(roleNames(100, 12))
    const further = ['a', 'b', 'c'].map((target) => ({
      target,
      accessToken: jwt({ scope: target.repeat(600) }),
      tokenType: 'bearer',
      obtainedAt: start,
    }))
    const given = recordOf(tokens)
    const read = readBack(
      sentBack(storageOf().write({ ...given, tokens: { ...given.tokens, additionalTokens: further } }, {})),
    )
    expect(read).toEqual({ ...given, tokens: { ...given.tokens, additionalTokens: further.slice(2) } })
    expect(remarks).toEqual([['additional_tokens_left_out']])
  })

  test.each([
    ['no refresh token', () => keycloakTokens(roleNames(150, 34)), {}],
    ['data that cannot be compressed', () => entraTokens(), { fill: randomBytes(6000).toString('base64url') }],
  ])('is refused with %s, by an error that names the store', (_name, tokens, data) => {
    const { tokens: full, ...given } = recordOf(tokens(), { data })
    const { refreshToken: _refreshToken, ...without } = full
    const write = (): unknown => storageOf().write({ ...given, tokens: without }, {})
    expect(write).toThrow(/session\.maxCookieBytes 7168.*session\.store/)
    expect(write).toThrow(expect.objectContaining({ code: 'session_too_large' }))
    expect(remarks).toEqual([])
  })

  test('has another version than a small one, which is sealed as before', () => {
    const { secrets, audience } = settings(watch)
    const seal = createSeal(secrets, ['session', '__Host-oidc', ...audience], watch)
    const small = record({ data: { a: 1 } })
    const { '__Host-oidc': sealed = '' } = sentBack(storageOf().write(small, {}))
    expect(seal.open(sealed)?.payload).toEqual(toPayload(small, start + 600))
    expect(readBack({ '__Host-oidc': seal.seal(toPayload(small, start + 600)) })).toEqual(small)
  })

  test('has a length in steps of 256 bytes, which reveals little of the compressed content', () => {
    const note = (letters: number): string => randomBytes(letters).toString('hex')
    const lengths = Array.from({ length: 40 }, (_, letters) => {
      const idToken = jwt({ iss: 'i', sub: 's', note: note(letters).padEnd(9000, 'x') }, 64)
      return bytesOf(sentBack(storageOf().write(record({ idToken }), {})))
    })
    expect(new Set(lengths).size).toBe(1)
  })
})

describe('a packed session', () => {
  const segment = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_-]{0,120}$/),
    fc.string({ maxLength: 40, unit: 'binary' }),
    fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  )
  // Names that reach prototypes come into no session.
  const data = fc.dictionary(fc.string(), fc.jsonValue()).filter((value) => !/__proto__/.test(JSON.stringify(value)))
  const token = fc.array(segment, { maxLength: 10 }).map((parts) => parts.join('.'))

  test('is unpacked unchanged, whatever the tokens are made of', () => {
    fc.assert(
      fc.property(token, token, token, fc.boolean(), data, (idt, act, rft, small, dat) => {
        const fur = [['target', act, 'bearer', 5], 'odd']
        const payload = JSON.parse(JSON.stringify({ v: 1, exp: 1, idt, act, rft, fur, dat })) as { exp: number }
        const { payload: packed, attachment } = pack(payload, small)
        const sealed = JSON.parse(JSON.stringify(packed)) as { exp: number }
        const back = unpack({ payload: sealed, attachment, expired: false, outdatedKey: false })
        expect(back).toEqual(payload)
      }),
    )
  })

  test.each([
    ['bytes that are not there', { idt: [[9, '']] }],
    ['a negative number of bytes', { idt: [[-1, '']] }],
    ['no number of bytes', { idt: [['1', '']] }],
    ['another shape', { idt: [5] }],
    ['no text', { idt: [[1, 5]] }],
    ['what was never compressed', { idt: [[4, '', 1]] }],
    ['compressed data beyond its end', { idt: '', dat: 9 }],
  ])('with %s is of another version', (_name, members) => {
    const payload = { exp: 1, act: 'a', ...members }
    expect(unpack({ payload, attachment: Buffer.from('abcd'), expired: false, outdatedKey: false })).toBeUndefined()
  })

  test('never grows beyond a bound when it is read', async () => {
    const { deflateRawSync } = await import('node:zlib')
    const bomb = deflateRawSync(Buffer.alloc(10_000_000, 'x'))
    const payload = { exp: 1, idt: [[bomb.length, '', 1]] }
    expect(unpack({ payload, attachment: bomb, expired: false, outdatedKey: false })).toBeUndefined()
  })

  test('has its access and refresh tokens as they are, never compressed', () => {
    const repetitive = jwt({ note: 'x'.repeat(2000) }, 0)
    const { attachment } = pack({ exp: 1, idt: 'x', act: repetitive, rft: repetitive }, true)
    expect(attachment.length).toBeGreaterThan(4000)
  })
})
