import { expect } from '@jest/globals'
import fc from 'fast-check'
import { createPublicKey, verify } from 'node:crypto'
import { fromBase64url } from '../../lib/base/base64url.js'
import { isJsonObject, parseJsonObject, parseStrictJson } from '../../lib/base/json.js'
import { BearerError, TokenValidationError } from '../../lib/errors.js'
import { decodeJws } from '../../lib/jose/jws.js'
import { createSeal } from '../../lib/seal/seal.js'
import { allFromChunks, fromChunks, toChunks } from '../../lib/session/storage/cookie-chunks.js'
import { start } from '../kit/clock.js'
import { signJws } from '../kit/provider/keys.js'
import { testApi } from '../kit/resource-server/api.js'
import { apiUrl, proofClient, sha256 } from '../kit/resource-server/proof.js'
import { type Parser, altered, filled, mostly } from './parser.js'

const encoded = (text: string) => Buffer.from(text).toString('base64url')

const base64url: Parser = {
  texts: altered(fc.stringMatching(/^[\w-]{0,12}={0,2}$/)),
  read(text) {
    const bytes = fromBase64url(text)
    const isCanonical = Buffer.from(text, 'base64url').toString('base64url') === text
    expect(bytes === undefined ? undefined : bytes.toString('base64url')).toBe(isCanonical ? text : undefined)
    return isCanonical ? 'canonical' : 'refused'
  },
}

const jsonTexts = altered(
  fc.oneof(
    fc
      .dictionary(mostly('a', 'b', 'constructor', '__proto__'), fc.jsonValue({ maxDepth: 3 }))
      .map((value) => JSON.stringify(value)),
    mostly('{"a":1,"a":2}', '{"a":{"b":[{"c":":{}"}]}}', '{"a":"\\"","b":"\\\\"}', '{"a":1,"\\u0061":2}', '[]', 'null'),
  ),
)

/** Members of a JSON text, those of one name counted as often as they are written. */
function membersOf(text: string): number {
  const strings = /"(?:[^"\\]|\\.)*"/g
  return [...text.replaceAll(strings, '').matchAll(/:/g)].length
}

const json: Parser = {
  texts: jsonTexts,
  read(text) {
    const strict = parseStrictJson(Buffer.from(text), 6)
    const loose = parseJsonObject(text)
    if (strict === undefined) return loose === undefined ? 'refused' : 'strictly refused'
    expect(strict).toEqual(loose)
    expect(Object.isFrozen(strict)).toBe(true)
    let distinct = 0
    JSON.parse(text, (name, value: unknown) => {
      expect(name).not.toBe('__proto__')
      if (isJsonObject(value)) distinct += Object.keys(value).length
      return value
    })
    expect(membersOf(text)).toBe(distinct)
    return 'read'
  },
}

const jws: Parser = {
  texts: altered(
    fc
      .tuple(
        mostly(
          '{"alg":"RS256"}',
          '{"alg":"none"}',
          '{"alg":"RS256","kid":"1","typ":"at+jwt"}',
          '{"alg":"RS256","crit":["b64"]}',
          '{"alg":1}',
        ),
        jsonTexts,
        fc.stringMatching(/^\w{0,4}$/),
      )
      .map(([header, payload, signature]) => `${encoded(header)}.${encoded(payload)}.${signature}`),
  ),
  read(text) {
    try {
      const { header, payload, signature, signingInput } = decodeJws(text, { maxBytes: 2048 })
      const [first = '', second = '', third = '', ...more] = text.split('.')
      expect(more).toEqual([])
      expect(signingInput.toString()).toBe(`${first}.${second}`)
      expect(signature.toString('base64url')).toBe(third)
      expect([header, payload]).toEqual(
        [first, second].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown),
      )
      expect(['crit', 'b64', 'zip'].filter((name) => name in header)).toEqual([])
      return 'read'
    } catch (error) {
      if (!(error instanceof TokenValidationError)) throw error
      expect(error.code).toBe('token_malformed')
      return error.message
    }
  },
}

const api = testApi({ dpop: 'required' })
const client = proofClient(api.issuer)
const token = client.token()
const parts = { jwk: JSON.stringify(client.jwk), ath: sha256(token) }
const member = (name: string, ...values: readonly string[]) => mostly(...values).map((value) => `"${name}":${value}`)
const object = (...members: readonly fc.Arbitrary<string>[]) => fc.tuple(...members).map((all) => `{${all.join()}}`)
let jti = 0

// A text is the header and the claims, each as JSON, or else the proof itself: keys differ in each run.
const dpopProof: Parser = {
  texts: altered(
    fc
      .tuple(
        object(
          member('typ', '"dpop+jwt"', '"jwt"'),
          member('alg', '"ES256"', '"none"', '"HS256"'),
          member('jwk', '{jwk}', '{"kty":"oct","k":"AA"}', '{}'),
        ),
        object(
          member('jti', '"{jti}"', '""', '1'),
          member('htm', '"GET"', '"get"', '"POST"'),
          member(
            'htu',
            `"${apiUrl}"`,
            `"${apiUrl}?x#y"`,
            '"HTTPS://API.example.com:443/%6frders"',
            '"https://api.example.com/"',
            '1',
          ),
          member('iat', String(start), String(start - 9999), '"1"', 'null'),
          member('ath', '"{ath}"', '""'),
        ),
      )
      .map((both) => both.join('\n')),
  ),
  async read(text) {
    const proof = proofOf(filled(text, { ...parts, jti: String((jti += 1)) }))
    const presented = api.validator.validate(`DPoP ${token}`, { method: 'GET', url: apiUrl, dpop: [proof] })
    const outcome = await presented.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (outcome !== undefined && !(outcome instanceof BearerError)) throw outcome
    if (outcome === undefined) expect(isRightProof(proof)).toBe(true)
    return outcome === undefined
      ? 'accepted'
      : `${outcome.code}: ${outcome.cause instanceof Error ? outcome.cause.message.slice(0, 60) : ''}`
  },
}

function proofOf(text: string): string {
  const [header, claims] = text.split('\n').map((each) => parseJsonObject(each))
  return header === undefined || claims === undefined ? text : signJws(header, claims, client.key)
}

/** The rules of RFC 9449 section 4.3, written down once more, in the plainest way. */
function isRightProof(proof: string): boolean {
  const [header = '', claims = '', signature = ''] = proof.split('.')
  const [{ typ, alg, jwk }, { jti: id, htm, htu, iat, ath }] = [header, claims].map(
    (part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>,
  ) as [Record<string, unknown>, Record<string, unknown>]
  const key = createPublicKey({ key: jwk as typeof client.jwk, format: 'jwk' })
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  const url = new URL(String(htu))
  const isHere = url.origin + decodeURIComponent(url.pathname) === apiUrl
  const isNow = Math.abs(Number(iat) - start) <= 600
  return (
    isSigned &&
    typ === 'dpop+jwt' &&
    alg === 'ES256' &&
    typeof id === 'string' &&
    id !== '' &&
    htm === 'GET' &&
    isHere &&
    isNow &&
    ath === parts.ath
  )
}

const runtime = { now: () => start * 1000, randomBytes: (length: number) => Buffer.alloc(length, 7) }
const seal = createSeal(['a-secret-that-is-long-enough-for-a-key'], ['session', 'fuzz'], runtime)
const sealed = seal.seal({ exp: start + 60, sub: 'alice' })
const sealedCookie: Parser = {
  texts: altered(fc.constantFrom(sealed, seal.seal({ exp: start - 1 }), sealed.replace('..', '.AAAA.'))),
  read(text) {
    const opened = seal.open(text)
    seal.isOurs(text)
    if (opened === undefined) return 'refused'
    expect([sealed, seal.seal({ exp: start - 1 })]).toContain(text)
    return opened.expired ? 'expired' : 'opened'
  },
}

// Cookies, one a line; the name of a part is its number.
const chunkedCookie: Parser = {
  texts: fc.oneof(
    altered(
      fc.integer({ min: 0, max: 20_000 }).map((length) => [...toChunks('s', 'x'.repeat(length)).values()].join('\n')),
    ),
    altered(fc.array(mostly('2.a', '3.b', '9.c', 'd', ''), { maxLength: 9 }).map((values) => values.join('\n'))),
  ),
  read(text) {
    const values = text.split('\n')
    const cookies = Object.fromEntries(values.map((value, index) => [index === 0 ? 's' : `s.${index}`, value]))
    const further = { furtherCookies: () => values.slice(0, 6) }
    const whole = fromChunks('s', cookies)
    const all = allFromChunks('s', cookies, further, () => true)
    expect(all.length).toBeLessThanOrEqual(16)
    if (whole === undefined) return 'none'
    const again = fromChunks('s', Object.fromEntries(toChunks('s', whole)))
    // What nobody writes may look like the first of several parts.
    if (!/^[2-8]\../.test(whole)) expect(again).toBe(whole === '' ? undefined : whole)
    return values.length > 1 && whole !== values[0] ? 'joined' : 'one'
  },
}

/** Readers of tokens and of what is sealed. */
export const tokenParsers = { base64url, json, jws, dpopProof, sealedCookie, chunkedCookie }
