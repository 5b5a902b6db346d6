import { describe, expect, test } from '@jest/globals'
import type { KeyObject } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import { type IdTokenExpectations, createIdTokenValidator } from '../../../lib/provider/tokens/id-token.js'
import { createKeys } from '../../../lib/provider/keys.js'
import { createHttpClient } from '../../../lib/provider/transport/http-client.js'
import type { ClientSettings } from '../../../lib/provider/types.js'
import { failureOf } from '../../kit/failure.js'
import { ecKey, halfHash, mint, otherRsaKey, rsaKey, signingKey } from '../../kit/provider/keys.js'
import { FakeProvider } from '../../kit/provider/provider.js'
import { start } from '../../kit/clock.js'

const idTokensOf = (op: Pick<FakeProvider, 'settings' | 'client'>, client: Partial<ClientSettings> = {}) =>
  createIdTokenValidator(
    { ...op.settings, ...op.client, ...client },
    createKeys(async () => 'https://issuer.example/jwks', createHttpClient(op.settings), op.settings),
  )

const accepted = (expected: IdTokenExpectations = {}) => ({ nonce: 'nonce-1', ...expected })

async function verdict(
  changes: Record<string, unknown>,
  expected: IdTokenExpectations = {},
  header: Record<string, unknown> = { alg: 'RS256', kid: 'rsa-1' },
  key = rsaKey.privateKey,
): Promise<string> {
  const op = new FakeProvider()
  const token = await mint(op.claims(changes), key, header)
  return idTokensOf(op)
    .validate(token, accepted(expected))
    .then(
      () => 'accepted',
      (error) => error.code,
    )
}

describe('a valid ID Token', () => {
  test('is accepted, and its claims are frozen and inherit nothing', async () => {
    const op = new FakeProvider()
    const claims = await idTokensOf(op).validate(await mint(op.claims({ groups: ['a'] })), accepted())
    expect({ ...claims }).toEqual(op.claims({ groups: ['a'] }))
    expect(Object.isFrozen(claims)).toBe(true)
    expect(Object.isFrozen(claims['groups'])).toBe(true)
    expect('toString' in claims).toBe(false)
    expect(claims['constructor']).toBeUndefined()
  })

  test('may have claims called constructor and prototype: they are data', async () => {
    const op = new FakeProvider()
    const odd = { constructor: { name: 'Ada' }, prototype: 'x', nested: [{ constructor: 1 }] }
    const claims = await idTokensOf(op).validate(await mint(op.claims(odd)), accepted())
    expect({ ...claims }).toEqual(op.claims(odd))
  })

  test.each(['JWT', 'jwt', 'application/jwt', undefined])('may have the typ %p', async (typ) => {
    expect(await verdict({}, {}, { alg: 'RS256', kid: 'rsa-1', ...(typ === undefined ? {} : { typ }) })).toBe(
      'accepted',
    )
  })

  test('of a refresh needs no nonce', async () => {
    expect(await verdict({ nonce: undefined }, { nonce: undefined })).toBe('accepted')
  })
})

describe('the audience of an ID Token', () => {
  const both = { aud: ['client-1', 'api'], azp: 'client-1' }
  const validate = async (changes: Record<string, unknown>, client: Partial<ClientSettings> = {}) => {
    const op = new FakeProvider()
    const token = await mint(op.claims(changes))
    return idTokensOf(op, client).validate(token, accepted())
  }

  test('is refused where nobody configured it (OpenID Connect Core 3.1.3.7), and the message names it and the option', async () => {
    const error = await failureOf(validate(both))
    expect(error).toMatchObject({ code: 'token_audience_mismatch' })
    expect(error.message).toContain('it names ["client-1","api"]')
    expect(error.message).toContain('"idTokenAudiences"')
  })

  test.each<[string, Record<string, unknown>, ClientSettings['idTokenAudiences']]>([
    ['one that was configured', both, ['api']],
    ['one of several that were configured', both, ['x', 'api']],
    ['any, where azp is this client', both, 'any'],
    ['this client alone, in a list', { aud: ['client-1'] }, undefined],
    ['this client alone, with azp', { azp: 'client-1' }, undefined],
  ])('is accepted as %s', async (_what, changes, idTokenAudiences) => {
    await expect(validate(changes, idTokenAudiences === undefined ? {} : { idTokenAudiences })).resolves.toBeDefined()
  })

  test.each<[string, Record<string, unknown>, ClientSettings['idTokenAudiences'], string]>([
    ['a third audience', { aud: ['client-1', 'api', 'x'], azp: 'client-1' }, ['api'], 'token_audience_mismatch'],
    ['a trusted audience alone', { aud: 'api' }, ['api'], 'token_audience_mismatch'],
    ['any audience alone', { aud: 'api', azp: 'client-1' }, 'any', 'token_audience_mismatch'],
    ['any audience without azp', { aud: ['client-1', 'api'] }, 'any', 'token_claim_missing'],
    ['any audience with another azp', { ...both, azp: 'api' }, 'any', 'token_audience_mismatch'],
    ['a trusted audience with another azp', { ...both, azp: 'api' }, ['api'], 'token_audience_mismatch'],
    ['another azp for one audience', { azp: 'api' }, ['api'], 'token_audience_mismatch'],
    ['an audience that is not text', { aud: ['client-1', 5], azp: 'client-1' }, 'any', 'token_audience_mismatch'],
    ['an audience called like the option', { ...both, aud: ['client-1', 'any'] }, undefined, 'token_audience_mismatch'],
  ])('is refused as %s', async (_what, changes, idTokenAudiences, code) => {
    const client = idTokenAudiences === undefined ? {} : { idTokenAudiences }
    expect(await failureOf(validate(changes, client))).toMatchObject({ code })
  })
})

describe('the message about an invalid ID Token', () => {
  const messageOf = async (changes: Record<string, unknown>, header?: Record<string, unknown>, key?: KeyObject) => {
    const op = new FakeProvider()
    const token = await mint(op.claims(changes), key, header)
    const error = await failureOf(idTokensOf(op).validate(token, accepted()))
    return error.message as string
  }
  const at = new FakeProvider().clock.now() / 1000

  test.each<[string, Record<string, unknown>, readonly string[]]>([
    ['iss', { iss: 'https://issuer.example/' }, ['iss', '"https://issuer.example/"', '"https://issuer.example"']],
    ['a missing iss', { iss: undefined }, ['iss is missing']],
    ['aud', { aud: 'other' }, ['aud', '"other"', '"client-1"']],
    ['azp', { azp: 'other' }, ['azp', '"other"', '"client-1"']],
    [
      'a clock ahead',
      { iat: at + 300, exp: at + 600 },
      ['iat', '300 seconds ahead', '"clockToleranceSeconds" allows 30'],
    ],
    [
      'a clock behind',
      { iat: at - 900, exp: at - 600 },
      ['exp', '600 seconds behind', '"clockToleranceSeconds" allows 30'],
    ],
    ['nbf', { nbf: at + 60 }, ['nbf', '60 seconds ahead']],
    ['a missing nonce', { nonce: undefined }, ['nonce is missing', 'every login sends', 'section 3.1.3.7']],
    [
      'a nonce of another login',
      { nonce: 'other' },
      ['nonce must be that of the login: the token was issued for another one'],
    ],
    ['sub', { sub: 5 }, ['sub must be 1 to 255 characters: it is of type number']],
    ['exp of another type', { exp: '5' }, ['exp must be a date in seconds since 1970: it is "5"']],
    ['exp in milliseconds', { exp: at * 1000 }, [`exp must be a date in seconds since 1970: it is ${at * 1000}`]],
    ['iat of another type', { iat: '2026' }, ['iat must be a date in seconds since 1970: it is "2026"']],
    [
      'auth_time of another type',
      { auth_time: 'x' },
      ['auth_time must be a date in seconds since 1970: it is of type string'],
    ],
  ])('%s', async (_what, changes, parts) => {
    const message = await messageOf(changes)
    for (const part of parts) expect(message).toContain(part)
  })

  test('names the typ', async () => {
    const message = await messageOf({}, { alg: 'RS256', kid: 'rsa-1', typ: 'at+jwt' })
    expect(message).toContain('its typ is "at+jwt", not "JWT"')
  })

  test('says which of at_hash and c_hash does not match', async () => {
    const op = new FakeProvider()
    const token = async (claims: object) => mint(op.claims({ ...claims }))
    const failure = async (claims: object, expected: IdTokenExpectations) =>
      (await failureOf(idTokensOf(op).validate(await token(claims), accepted(expected)))).message
    expect(await failure({ at_hash: 'x' }, { accessToken: 'a' })).toContain('at_hash must be that of the access token')
    expect(await failure({ c_hash: 'x' }, { code: 'c' })).toContain('c_hash must be that of the code')
  })

  test('says for max_age and acr what was requested and what came', async () => {
    const op = new FakeProvider()
    const failure = async (claims: object, expected: IdTokenExpectations) =>
      (await failureOf(idTokensOf(op).validate(await mint(op.claims({ ...claims })), accepted(expected)))).message
    expect(await failure({ auth_time: at - 500 }, { maxAge: 60 })).toContain('by max_age 60: it is 500 seconds')
    expect(await failure({}, { maxAge: 60 })).toContain('the ID Token has no auth_time')
    expect(await failure({ acr: '1' }, { acrValues: ['2', '3'] })).toContain('its acr is "1", not 2 or 3')
  })

  test('shows nothing of a nonce or of a person', async () => {
    const secret = 'do-not-show-this'
    for (const claim of ['nonce', 'sub', 'events'])
      expect(await messageOf({ [claim]: secret.repeat(20) })).not.toContain(secret)
  })

  test('names the alg of the token and the expected ones as a list', async () => {
    const op = new FakeProvider()
    const idTokens = idTokensOf(op, { idTokenSigningAlg: ['ES256', 'PS256'] })
    const { message } = await failureOf(idTokens.validate(await mint(op.claims()), accepted()))
    expect(message).toContain('signed with RS256, not with ES256 or PS256: "idTokenSigningAlg"')
  })

  test('names the alg of the token, the expected one and the option', async () => {
    const message = await messageOf({}, { alg: 'ES256', kid: 'ec-1' }, ecKey.privateKey)
    for (const part of ['ES256', 'RS256', '"idTokenSigningAlg"']) expect(message).toContain(part)
    const op = new FakeProvider()
    const head = Buffer.from(JSON.stringify({ alg: 'x\r\n<b>'.repeat(9) })).toString('base64url')
    const odd = await failureOf(idTokensOf(op).validate(`${head}.e30.AA`, accepted()))
    expect(odd.message).toContain('an unknown algorithm')
    expect(odd.message).not.toContain('<b>')
  })

  test('says that the token is encrypted', async () => {
    const op = new FakeProvider()
    const error = await failureOf(idTokensOf(op).validate('e30.AA.AA.AA.AA', accepted()))
    expect([error.code, error.message]).toEqual(['token_malformed', expect.stringContaining('is encrypted')])
    const other = await failureOf(idTokensOf(op).validate('e30.AA.AA.AA', accepted()))
    expect(other.message).toContain('three segments: it is opaque, or cut short')
  })
})

describe('the signature and header of an ID Token', () => {
  test('IT05: are refused with a signature by another key, in the code flow too', async () => {
    expect(await verdict({}, {}, { alg: 'RS256', kid: 'rsa-1' }, otherRsaKey.privateKey)).toBe(
      'token_signature_invalid',
    )
  })

  test('IT05: are refused where the payload was changed', async () => {
    const op = new FakeProvider()
    const [header, , signature] = (await mint(op.claims())).split('.')
    const payload = Buffer.from(JSON.stringify(op.claims({ sub: 'admin' }))).toString('base64url')
    expect(await failureOf(idTokensOf(op).validate(`${header}.${payload}.${signature}`, accepted()))).toMatchObject({
      code: 'token_signature_invalid',
    })
  })

  test.each(['none', 'nOnE', 'NONE', 'HS256', 'RS384', 'PS256', 'ES256'])(
    'IT06, IT07: are refused with alg %p before any key is looked up',
    async (alg) => {
      const op = new FakeProvider()
      const head = Buffer.from(JSON.stringify({ alg, kid: 'rsa-1' })).toString('base64url')
      const payload = Buffer.from(JSON.stringify(op.claims())).toString('base64url')
      const error = await failureOf(idTokensOf(op).validate(`${head}.${payload}.AAAA`, accepted()))
      expect(error).toMatchObject({ code: 'token_algorithm_refused' })
      expect(op.seen).toHaveLength(0)
    },
  )

  test('IT06: are refused where the signature is empty', async () => {
    const op = new FakeProvider()
    const [header, payload] = (await mint(op.claims())).split('.')
    expect(await failureOf(idTokensOf(op).validate(`${header}.${payload}.`, accepted()))).toMatchObject({
      code: 'token_signature_invalid',
    })
  })

  test('IT07: need the one registered algorithm', async () => {
    const op = new FakeProvider()
    op.jwks(ecKey.jwk, rsaKey.jwk)
    const idTokens = idTokensOf(op, { idTokenSigningAlg: 'ES256' })
    const good = await mint(op.claims(), ecKey.privateKey, { alg: 'ES256', kid: 'ec-1' })
    await expect(idTokens.validate(good, accepted())).resolves.toMatchObject({ sub: 'user-1' })
    expect(await failureOf(idTokens.validate(await mint(op.claims()), accepted()))).toMatchObject({
      code: 'token_algorithm_refused',
    })
  })

  test('may use any algorithm of a list, and no other', async () => {
    const op = new FakeProvider()
    op.jwks(ecKey.jwk, rsaKey.jwk)
    const idTokens = idTokensOf(op, { idTokenSigningAlg: ['ES256', 'RS256'] })
    const byEc = await mint(op.claims(), ecKey.privateKey, { alg: 'ES256', kid: 'ec-1' })
    for (const token of [byEc, await mint(op.claims())])
      await expect(idTokens.validate(token, accepted())).resolves.toBeDefined()
    const byPss = await mint(op.claims(), rsaKey.privateKey, { alg: 'PS256', kid: 'rsa-1' })
    expect(await failureOf(idTokens.validate(byPss, accepted()))).toMatchObject({ code: 'token_algorithm_refused' })
  })

  test.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('IT08: may use %s with a client secret of %i bytes, and no other algorithm', async (alg, bytes) => {
    const op = new FakeProvider()
    const clientSecret = 'x'.repeat(bytes)
    const idTokens = idTokensOf(op, { idTokenSigningAlg: alg, clientSecret })
    const key = new TextEncoder().encode(clientSecret)
    await expect(idTokens.validate(await mint(op.claims(), key, { alg }), accepted())).resolves.toBeDefined()
    const wrongKey = await mint(op.claims(), new Uint8Array(64), { alg })
    expect(await failureOf(idTokens.validate(wrongKey, accepted()))).toMatchObject({ code: 'token_signature_invalid' })
    for (const other of ['HS256', 'HS384', 'HS512', 'RS256'].filter((name) => name !== alg)) {
      const token = await mint(op.claims(), other === 'RS256' ? rsaKey.privateKey : new Uint8Array(64), { alg: other })
      expect(await failureOf(idTokens.validate(token, accepted()))).toMatchObject({ code: 'token_algorithm_refused' })
    }
    const short = { idTokenSigningAlg: alg, clientSecret: 'x'.repeat(bytes - 1) }
    expect((await failureOf(() => idTokensOf(op, short))).message).toContain(
      `${alg} needs a secret of at least ${bytes} bytes`,
    )
  })

  test('IT08, IT09: may use HS256 only where configured, with the client secret, for one audience', async () => {
    const op = new FakeProvider()
    const clientSecret = 'a client secret of 32 bytes or more'
    const key = new TextEncoder().encode(clientSecret)
    const idTokens = idTokensOf(op, { idTokenSigningAlg: 'HS256', clientSecret })
    const validate = async (changes = {}, secret: Uint8Array = key) =>
      idTokens.validate(await mint(op.claims(changes), secret, { alg: 'HS256' }), accepted())
    await expect(validate()).resolves.toBeDefined()
    await expect(validate({ aud: ['client-1'] })).resolves.toBeDefined()
    const shared = { aud: ['client-1', 'client-2'], azp: 'client-1' }
    expect(await failureOf(validate(shared))).toMatchObject({ code: 'token_audience_mismatch' })
    expect(await failureOf(validate({}, new Uint8Array(32)))).toMatchObject({ code: 'token_signature_invalid' })
    for (const short of [undefined, '', 'short']) {
      const client = { idTokenSigningAlg: 'HS256', clientSecret: short } as Partial<ClientSettings>
      expect(await failureOf(() => idTokensOf(op, client))).toMatchObject({ code: 'invalid_options' })
    }
  })

  test.each([{ crit: ['exp'] }, { b64: false }, { zip: 'DEF' }])(
    'IT14: are refused with the header %j',
    async (members) => {
      const op = new FakeProvider()
      const head = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'rsa-1', ...members })).toString('base64url')
      const [, payload, signature] = (await mint(op.claims())).split('.')
      expect(await failureOf(idTokensOf(op).validate(`${head}.${payload}.${signature}`, accepted()))).toMatchObject({
        code: 'token_malformed',
      })
    },
  )

  test('IT17: are verified by the issuer’s key though the token brings its own', async () => {
    const evil = signingKey('RS256')
    const header = { alg: 'RS256', kid: 'rsa-1', jwk: evil.jwk as never, jku: 'https://evil.example/jwks' }
    expect(await verdict({}, {}, header, evil.privateKey)).toBe('token_signature_invalid')
  })

  test.each(['logout+jwt', 'at+jwt', 'application/at+jwt', 'dpop+jwt', 'secevent+jwt', 'token-introspection+jwt', ''])(
    'IT18: are refused with typ %p, which is another kind of token',
    async (typ) => {
      expect(await verdict({}, {}, { alg: 'RS256', kid: 'rsa-1', typ })).toBe('token_type_refused')
    },
  )

  test('IT18: are refused with events, which make it a logout token', async () => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    expect(await verdict({ events })).toBe('token_type_refused')
    expect(await verdict({ events: null })).toBe('token_type_refused')
  })

  test('IT01, IT19, IT20, IT21: are refused unread where the token is encrypted', async () => {
    const op = new FakeProvider()
    const jwe = await new CompactEncrypt(Buffer.from(await mint(op.claims())))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(rsaKey.publicKey)
    expect(await failureOf(idTokensOf(op).validate(jwe, accepted()))).toMatchObject({ code: 'token_malformed' })
    expect(op.seen).toHaveLength(0)
  })

  test('IT22: are refused before parsing where the token is huge', async () => {
    expect(await verdict({ x: 'x'.repeat(20_000) })).toBe('token_malformed')
  })

  test.each(['[]', '"x"', 'null', '{"iss":"https://evil.example","iss":"https://issuer.example"}', '{"__proto__":{}}'])(
    'IT23, IT29: are refused with the payload %p',
    async (payload) => {
      const op = new FakeProvider()
      expect(await failureOf(idTokensOf(op).validate(await mint(payload), accepted()))).toMatchObject({
        code: 'token_malformed',
      })
    },
  )

  test('IT26: are not verified by a key on another curve', async () => {
    const op = new FakeProvider()
    const other = signingKey('ES384', { kid: 'ec-1' })
    op.jwks(other.jwk)
    const token = await mint(op.claims(), ecKey.privateKey, { alg: 'ES256', kid: 'ec-1' })
    const idTokens = idTokensOf(op, { idTokenSigningAlg: 'ES256' })
    expect(await failureOf(idTokens.validate(token, accepted()))).toMatchObject({ code: 'token_key_not_found' })
  })

  test('lead to an outage where the keys are unavailable', async () => {
    const op = new FakeProvider()
    op.answers['/jwks'] = new Response('', { status: 500 })
    expect(await failureOf(idTokensOf(op).validate(await mint(op.claims()), accepted()))).toMatchObject({ status: 503 })
  })
})

describe('the claims of an ID Token', () => {
  const now = start

  test.each<[string, Record<string, unknown>, string]>([
    ['IT02: iss with a slash', { iss: 'https://issuer.example/' }, 'token_issuer_mismatch'],
    ['IT02: iss in capitals', { iss: 'https://ISSUER.example' }, 'token_issuer_mismatch'],
    ['IT02: iss with a port', { iss: 'https://issuer.example:443' }, 'token_issuer_mismatch'],
    ['IT02: iss as list', { iss: ['https://issuer.example'] }, 'token_issuer_mismatch'],
    ['IT02: iss as number', { iss: 1 }, 'token_issuer_mismatch'],
    ['IT02: no iss', { iss: undefined }, 'token_claim_missing'],
    ['IT03: no aud', { aud: undefined }, 'token_claim_missing'],
    ['IT03: another aud', { aud: 'client-2' }, 'token_audience_mismatch'],
    ['IT03: an empty aud', { aud: [] }, 'token_audience_mismatch'],
    ['IT03: a number beside us in aud', { aud: [1, 'client-1'] }, 'token_audience_mismatch'],
    ['IT03: aud as object', { aud: { 0: 'client-1' } }, 'token_audience_mismatch'],
    ['IT03: aud as list of one', { aud: ['client-1'] }, 'accepted'],
    ['IT03: two audiences without azp', { aud: ['client-1', 'client-2'] }, 'token_audience_mismatch'],
    ['IT03: two audiences with azp', { aud: ['client-1', 'client-2'], azp: 'client-1' }, 'token_audience_mismatch'],
    ['IT03: azp of another client', { azp: 'client-2' }, 'token_audience_mismatch'],
    ['IT03: azp null', { azp: null }, 'token_audience_mismatch'],
    ['IT10: no exp', { exp: undefined }, 'token_claim_missing'],
    ['IT10: exp past', { exp: now - 31 }, 'token_expired'],
    ['IT10: exp at the tolerance', { exp: now - 30 }, 'token_expired'],
    ['IT10: exp within the tolerance', { exp: now - 29 }, 'accepted'],
    ['IT10: exp as text', { exp: '9999999999' }, 'token_claim_invalid'],
    ['IT10: exp null', { exp: null }, 'token_claim_invalid'],
    ['IT10: exp 1e300', { exp: 1e300 }, 'token_claim_invalid'],
    ['IT10: exp negative', { exp: -1 }, 'token_claim_invalid'],
    ['IT10: exp in milliseconds', { exp: (now + 300) * 1000 }, 'token_claim_invalid'],
    ['IT10: nbf in the future', { nbf: now + 31 }, 'token_not_yet_valid'],
    ['IT10: nbf within the tolerance', { nbf: now + 30 }, 'accepted'],
    ['IT10: nbf as text', { nbf: '0' }, 'token_not_yet_valid'],
    ['IT10: no iat', { iat: undefined }, 'token_claim_missing'],
    ['IT10: iat as text', { iat: '1' }, 'token_claim_invalid'],
    ['IT10: iat in the future', { iat: now + 31 }, 'token_not_yet_valid'],
    ['IT12: no sub', { sub: undefined }, 'token_claim_missing'],
    ['IT12: an empty sub', { sub: '' }, 'token_claim_invalid'],
    ['IT12: sub as number', { sub: 1 }, 'token_claim_invalid'],
    ['IT12: sub of 256 characters', { sub: 'x'.repeat(256) }, 'token_claim_invalid'],
    ['IT12: sub of 255 characters', { sub: 'x'.repeat(255) }, 'accepted'],
    ['CB10: no nonce', { nonce: undefined }, 'token_nonce_mismatch'],
    ['CB10: another nonce', { nonce: 'nonce-2' }, 'token_nonce_mismatch'],
    ['CB10: a longer nonce', { nonce: 'nonce-11' }, 'token_nonce_mismatch'],
    ['CB10: nonce as list', { nonce: ['nonce-1'] }, 'token_nonce_mismatch'],
    ['auth_time as text', { auth_time: 'x' }, 'token_claim_invalid'],
    ['IT31: an e-mail of any shape', { email: ['a@b', 1] }, 'accepted'],
  ])('%s', async (_what, changes, expected) => {
    expect(await verdict(changes)).toBe(expected)
  })

  test('IT10: are refused where exp overflows to Infinity', async () => {
    const op = new FakeProvider()
    const text = JSON.stringify(op.claims()).replace(/"exp":\d+/, '"exp":1e999')
    expect(await failureOf(idTokensOf(op).validate(await mint(text), accepted()))).toMatchObject({
      code: 'token_claim_invalid',
    })
  })
})

describe('the hashes in an ID Token', () => {
  const [accessToken, code] = ['access-token-1', 'code-1']

  test.each<[string, Record<string, unknown>, string]>([
    ['right hashes', { at_hash: halfHash('access-token-1'), c_hash: halfHash('code-1') }, 'accepted'],
    ['no hashes', {}, 'accepted'],
    ['at_hash of another token', { at_hash: halfHash('access-token-2') }, 'token_hash_mismatch'],
    ['at_hash with another SHA', { at_hash: halfHash('access-token-1', 'sha512') }, 'token_hash_mismatch'],
    ['at_hash that is not text', { at_hash: 1 }, 'token_hash_mismatch'],
    ['an empty at_hash', { at_hash: '' }, 'token_hash_mismatch'],
    ['c_hash of another code', { c_hash: halfHash('code-2') }, 'token_hash_mismatch'],
  ])('IT13: %s', async (_what, changes, expected) => {
    expect(await verdict(changes, { accessToken, code })).toBe(expected)
  })

  test('IT13: follow the algorithm of the token', async () => {
    const op = new FakeProvider()
    const key = signingKey('Ed25519', { kid: 'ed' })
    op.jwks(key.jwk)
    const idTokens = idTokensOf(op, { idTokenSigningAlg: 'EdDSA' })
    const validate = async (hash: string) =>
      idTokens.validate(
        await mint(op.claims({ at_hash: halfHash(accessToken, hash) }), key.privateKey, { alg: 'EdDSA', kid: 'ed' }),
        accepted({ accessToken }),
      )
    await expect(validate('sha512')).resolves.toBeDefined()
    expect(await failureOf(validate('sha256'))).toMatchObject({ code: 'token_hash_mismatch' })
  })
})

describe('an ID Token that is signed with Ed25519', () => {
  const named = ['EdDSA', 'Ed25519']

  test.each(named.flatMap((option) => named.map((alg) => [alg, option])))(
    'may call the algorithm %s where "idTokenSigningAlg" is %s (RFC 9864)',
    async (alg, idTokenSigningAlg) => {
      const op = new FakeProvider()
      const key = signingKey('Ed25519', { kid: 'ed' })
      op.jwks(key.jwk)
      const token = await mint(op.claims(), key.privateKey, { alg, kid: 'ed' })
      await expect(idTokensOf(op, { idTokenSigningAlg }).validate(token, accepted({}))).resolves.toBeDefined()
      const strict = idTokensOf(op, { idTokenSigningAlg: ['RS256', 'Ed448'] })
      expect(await failureOf(strict.validate(token, accepted({})))).toMatchObject({ code: 'token_algorithm_refused' })
    },
  )
})

describe('the strength of the sign-in of an ID Token', () => {
  const now = start

  test.each<[string, Record<string, unknown>, IdTokenExpectations, string]>([
    ['auth_time within max_age', { auth_time: now - 60 }, { maxAge: 60 }, 'accepted'],
    ['auth_time within the tolerance', { auth_time: now - 90 }, { maxAge: 60 }, 'accepted'],
    ['auth_time older than max_age', { auth_time: now - 91 }, { maxAge: 60 }, 'authentication_too_weak'],
    ['no auth_time', {}, { maxAge: 60 }, 'authentication_too_weak'],
    ['max_age 0 and a sign-in just now', { auth_time: now }, { maxAge: 0 }, 'accepted'],
    ['the acr asked for', { acr: 'b' }, { acrValues: ['a', 'b'] }, 'accepted'],
    ['another acr', { acr: 'c' }, { acrValues: ['a', 'b'] }, 'authentication_too_weak'],
    ['no acr', {}, { acrValues: ['a'] }, 'authentication_too_weak'],
    ['acr as list', { acr: ['a'] }, { acrValues: ['a'] }, 'authentication_too_weak'],
    ['an auth_time older than max_age, by the tolerance', { auth_time: now - 90 }, { maxAge: 60 }, 'accepted'],
    ['an old auth_time that nobody asked about', { auth_time: 1 }, {}, 'accepted'],
  ])('CB38: %s', async (_what, changes, expected, code) => {
    expect(await verdict(changes, expected)).toBe(code)
  })
})

describe('a tolerance of 300 seconds', () => {
  const now = new FakeProvider().clock.now() / 1000
  const verdictOf = async (changes: Record<string, unknown>, expected: IdTokenExpectations = {}) => {
    const op = new FakeProvider()
    const idTokens = idTokensOf({ ...op, settings: { ...op.settings, clockToleranceSeconds: 300 } })
    return idTokens.validate(await mint(op.claims(changes)), accepted(expected)).then(
      () => 'accepted',
      (error) => error.code,
    )
  }

  test.each<[string, Record<string, unknown>, IdTokenExpectations, string]>([
    ['exp', { iat: now - 900, exp: now - 299 }, {}, 'accepted'],
    ['iat', { iat: now + 299, exp: now + 600 }, {}, 'accepted'],
    ['exp, and no more', { iat: now - 900, exp: now - 301 }, {}, 'token_expired'],
    ['max_age, up to 60', { auth_time: now - 119 }, { maxAge: 60 }, 'accepted'],
    ['max_age, and no more', { auth_time: now - 121 }, { maxAge: 60 }, 'authentication_too_weak'],
  ])('holds for %s', async (_what, changes, expected, code) => {
    expect(await verdictOf(changes, expected)).toBe(code)
  })
})
