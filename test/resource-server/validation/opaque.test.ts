import { encrypted, keysByKind, rsaPair } from '../../kit/provider/encryption.js'
import { describe, expect, test } from '@jest/globals'
import { inspect } from 'node:util'
import { reasonOf, refusalOf } from '../../kit/resource-server/api.js'
import { active, introspectingApi } from '../../kit/resource-server/introspecting.js'
import { signJws, signingKey } from '../../kit/provider/keys.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'
import { createTrustedIssuer } from '../../../lib/resource-server/issuers/trusted-issuer.js'
import { createOpaqueValidation } from '../../../lib/resource-server/validation/opaque.js'
import { keyPair } from '../../kit/key-pair.js'
import { pastDeadline } from '../../kit/timers.js'

describe('an opaque token', () => {
  test('is introspected with the client authenticated, and accepted like a JWT', async () => {
    const api = introspectingApi()
    await expect(api.accept('opaque-1')).resolves.toMatchObject({
      scheme: 'bearer',
      subject: 'alice',
      clientId: 'web',
      issuer: api.issuer.issuer,
      scopes: ['orders:read'],
      expiresAt: api.issuer.clock.seconds + 300,
      token: 'opaque-1',
    })
    const [{ headers, form } = { headers: new Headers(), form: new URLSearchParams() }] = api.questions
    expect(Object.fromEntries(form)).toEqual({ token: 'opaque-1', token_type_hint: 'access_token' })
    expect(headers.get('authorization')).toBe(`Basic ${Buffer.from('api:api+secret').toString('base64')}`)
  })

  test.each([
    ['client_secret_post', { client_secret: 'api secret', client_id: 'api' }],
    ['client_secret_jwt', { client_assertion: expect.stringMatching(/^eyJ/), client_id: 'api' }],
    ['none', { client_id: 'api' }],
  ])('can be introspected by %s', async (clientAuthentication, members) => {
    const api = introspectingApi({ clientAuthentication })
    await api.accept('opaque-1')
    const { form, headers } = api.questions[0] ?? {}
    expect(Object.fromEntries(form ?? [])).toMatchObject(members)
    expect(headers?.get('authorization')).toBeNull()
  })

  test('can be introspected by private_key_jwt', async () => {
    const { privateKey } = keyPair('ec', { namedCurve: 'P-256' })
    const clientAssertionKey = privateKey.export({ type: 'pkcs8', format: 'pem' })
    const api = introspectingApi({ clientAuthentication: 'private_key_jwt', clientAssertionKey })
    await api.accept('opaque-1')
    expect(api.questions[0]?.form.get('client_assertion_type')).toBe(
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    )
  })

  test('is introspected with the format auto, while a JWT is validated here', async () => {
    const api = introspectingApi({}, { tokenFormat: 'auto' })
    await api.accept(api.issuer.accessToken())
    expect(api.questions).toHaveLength(0)
    await api.accept('opaque-1')
    await api.accept('a.b.c')
    expect(api.questions).toHaveLength(2)
    const bad = api.issuer.accessToken({ exp: 0 })
    expect((await api.refuse(bad)).status).toBe(401)
    expect(api.questions).toHaveLength(2)
  })

  test('with introspection and no format is introspected even as a JWT', async () => {
    const api = introspectingApi()
    await api.accept(api.issuer.accessToken())
    expect(api.questions).toHaveLength(1)
  })
})

describe('IN02: an introspection response', () => {
  test.each([
    ['inactive', { active: false }],
    ['exp is past', { exp: 1_700_000_000 }],
    ['exp is not a number', { exp: '9999999999' }],
    ['exp is endless', { exp: 1e300 }],
    ['nbf is to come', { nbf: 1_900_000_000 }],
    ['iat is to come', { iat: 1_900_000_000 }],
    ['another issuer', { iss: 'https://evil.example.com' }],
    ['another audience', { aud: 'https://other.example.com' }],
    ['no audience', { aud: undefined }],
    ['neither subject nor client', { sub: undefined, client_id: undefined }],
    ['a subject that is not text', { sub: 5 }],
    ["Keycloak's refresh token", { typ: 'Refresh' }],
    ["Hydra's refresh token", { token_use: 'refresh_token' }],
    ['an ID Token', { typ: 'ID' }],
    ['another type of token', { token_type: 'refresh_token' }],
    ['bound to a key', { cnf: { jkt: 'A'.repeat(43) } }],
    ['bound to a certificate', { cnf: { 'x5t#S256': 'A'.repeat(43) } }],
    ['bound to something else', { cnf: { kid: 'x' } }],
  ])('IN02: is refused: %s', async (_what, overrides) => {
    const api = introspectingApi()
    api.answer = active(api.issuer, overrides)
    expect(await api.refuse('opaque-1')).toMatchObject({ status: 401, code: 'invalid_token' })
  })

  test.each([
    ['active is not a boolean', Response.json({ active: 'true' })],
    ['active is missing', Response.json({})],
    ['a list', Response.json([{ active: true }])],
    ['null', Response.json(null)],
    ['HTML', new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    [
      'a forbidden name',
      new Response('{"active":true,"__proto__":{"sub":"x"}}', { headers: { 'content-type': 'application/json' } }),
    ],
  ])('IN02: that is invalid is an outage: %s', async (_what, response) => {
    const api = introspectingApi()
    api.answer = () => response.clone()
    const error = await api.refuse('opaque-1')
    expect(error.status).toBe(503)
    expect(error.headers['Retry-After']).toMatch(/^\d+$/)
  })

  test('IN02: for a bound token passes with the proof', async () => {
    const thumbprint = 'A'.repeat(43)
    const api = introspectingApi({}, { mtls: { source: 'socket' } })
    api.answer = active(api.issuer, { cnf: { 'x5t#S256': thumbprint } })
    await api.accept('opaque-1', { certificateThumbprint: thumbprint })
    expect((await api.refuse('opaque-1')).status).toBe(401)
  })
})

describe('IN03: a cached introspection response', () => {
  test('IN03: is used for cacheSeconds, and never past exp', async () => {
    const api = introspectingApi({ cacheSeconds: 60 }, { clockToleranceSeconds: 0 })
    const { clock } = api.issuer
    api.answer = active(api.issuer, { exp: clock.seconds + 90 })
    for (let i = 0; i < 5; i++) await api.accept('opaque-1')
    clock.seconds += 59
    await api.accept('opaque-1')
    expect(api.questions).toHaveLength(1)
    clock.seconds += 1
    await api.accept('opaque-1')
    expect(api.questions).toHaveLength(2)
    clock.seconds += 30
    expect(reasonOf(await api.refuse('opaque-1'))).toBe('token_expired')
    expect(api.questions).toHaveLength(2)
  })

  test('IN03: keeps no token valid within the clock tolerance after exp, which the server has ended', async () => {
    const api = introspectingApi({ cacheSeconds: 60 })
    api.answer = active(api.issuer, { exp: api.issuer.clock.seconds + 1 })
    await api.accept('opaque-1')
    api.answer = { active: false }
    api.issuer.clock.seconds += 1
    expect(reasonOf(await api.refuse('opaque-1'))).toBe('token_inactive')
  })

  test('IN03: keeps a revoked token valid for cacheSeconds at most, and not at all with 0', async () => {
    const api = introspectingApi({ cacheSeconds: 10 })
    await api.accept('opaque-1')
    api.answer = { active: false }
    await api.accept('opaque-1')
    api.issuer.clock.seconds += 10
    expect(reasonOf(await api.refuse('opaque-1'))).toBe('token_inactive')
    const strict = introspectingApi({ cacheSeconds: 0 })
    await strict.accept('opaque-1')
    strict.answer = { active: false }
    expect((await strict.refuse('opaque-1')).status).toBe(401)
  })

  test('IN03: cannot be used for more than 60 seconds', () => {
    expect(() => introspectingApi({ cacheSeconds: 61 })).toThrow(/cacheSeconds/)
  })

  test('IN03: is no more recent for a clock that was set back', async () => {
    const api = introspectingApi({ cacheSeconds: 30 })
    await api.accept('opaque-1')
    api.issuer.clock.seconds -= 3600
    api.answer = { active: false }
    expect((await api.refuse('opaque-1')).status).toBe(401)
  })

  test('IN03: without exp ends the principal when it ends itself', async () => {
    const api = introspectingApi({ cacheSeconds: 20 })
    api.answer = active(api.issuer, { exp: undefined })
    await expect(api.accept('opaque-1')).resolves.toMatchObject({ expiresAt: api.issuer.clock.seconds + 20 })
  })
})

test.each([401, 403, 400, 404])(
  'IN04: %d from the introspection endpoint is our own fault: 503 for the caller',
  async (status) => {
    const api = introspectingApi()
    api.answer = () => Response.json({ error: 'invalid_client' }, { status })
    const error = await api.refuse('opaque-1')
    expect(error.status).toBe(503)
    expect(error.headers['Retry-After']).toMatch(/^\d+$/)
    expect(error.headers['WWW-Authenticate']).toBeUndefined()
  },
)

test('IN04: the logged error says that the introspection client was refused', async () => {
  const api = introspectingApi()
  api.answer = () => Response.json({ error: 'invalid_client' }, { status: 401 })
  expect(await api.refuse('opaque-1')).toMatchObject({ code: 'provider_refused_client' })
})

test('IN04: the logged error says what the introspection endpoint said, and its message the code', async () => {
  const api = introspectingApi()
  const said = { error: 'invalid_request', error_description: 'Client not allowed.' }
  api.answer = () => Response.json(said, { status: 403 })
  const error = await api.refuse('opaque-1')
  expect(error).toMatchObject({
    ...{ code: 'provider_response_invalid', status: 503 },
    message: 'the introspection response is an error: invalid_request',
    provider: { via: 'response', error: 'invalid_request', description: 'Client not allowed.' },
  })
  expect(Object.keys(error)).not.toContain('provider')
})

describe('IN05: an introspection endpoint that is unavailable', () => {
  test.each([
    ['a refused connection', () => Promise.reject(new TypeError('fetch failed'))],
    ['500', () => new Response('', { status: 500 })],
    ['429', () => new Response('', { status: 429, headers: { 'retry-after': '17' } })],
    ['a redirect', () => Response.redirect('https://evil.example.com/', 302)],
    ['too much', () => new Response('x'.repeat(1_000_000))],
  ])('IN05: by %s is 503, and nobody is let in', async (_what, answer) => {
    const api = introspectingApi()
    api.answer = answer
    const error = await api.refuse('opaque-1')
    expect(error.status).toBe(503)
    expect(error.headers['Retry-After']).toMatch(/^\d+$/)
    api.answer = active(api.issuer)
    await api.accept('opaque-1')
  })

  test('IN05: is asked about a token once at a time', async () => {
    const api = introspectingApi()
    await api.accept('warm')
    await Promise.all(Array.from({ length: 50 }, () => api.accept('opaque-1')))
    expect(api.questions).toHaveLength(2)
  })

  test('IN05: is left alone for a while after three failures, then one request may try', async () => {
    const api = introspectingApi()
    api.answer = () => new Response('', { status: 500 })
    for (let i = 0; i < 10; i++) expect((await api.refuse(`opaque-${i}`)).status).toBe(503)
    expect(api.questions).toHaveLength(3)
    api.issuer.clock.seconds += 1
    expect((await api.refuse('opaque-x')).headers['Retry-After']).toBeDefined()
    expect(api.questions).toHaveLength(4)
    expect((await api.refuse('opaque-y')).headers['Retry-After']).toMatch(/^[12]$/)
    api.issuer.clock.seconds += 2
    api.answer = active(api.issuer)
    await api.accept('opaque-x')
    await api.accept('opaque-y')
    expect(api.questions).toHaveLength(6)
  })

  test.each([500, 429])(
    'IN05: does not affect other tokens where it answers one with %d, however often',
    async (status) => {
      const api = introspectingApi({ cacheSeconds: 0 })
      const good = active(api.issuer)
      api.answer = ({ form }) => (form.get('token') === 'good' ? Response.json(good) : new Response('', { status }))
      for (let i = 0; i < 20; i++) {
        const error = await api.refuse('odd')
        expect(error.status).toBe(503)
        expect(error.headers['Retry-After']).toMatch(/^\d+$/)
      }
      await api.accept('good')
      for (let i = 0; i < 20; i++) {
        api.issuer.clock.seconds += 10
        await api.refuse('odd')
      }
      await api.accept('good')
    },
  )

  test('IN05: is asked about one token again and again, with short waits, until it answers', async () => {
    const api = introspectingApi()
    api.answer = () => new Response('', { status: 500 })
    for (let i = 0; i < 10; i++) await api.refuse('opaque-1')
    expect(api.questions).toHaveLength(2)
    for (let i = 0; i < 10; i++) {
      api.issuer.clock.seconds += 5
      await api.refuse('opaque-1')
    }
    expect(api.questions).toHaveLength(12)
    api.answer = active(api.issuer)
    api.issuer.clock.seconds += 5
    await api.accept('opaque-1')
  })

  test('IN05: does not affect other tokens where it answers some with nonsense', async () => {
    const api = introspectingApi()
    const good = active(api.issuer)
    api.answer = ({ form }) => (form.get('token') === 'good' ? Response.json(good) : new Response('', { status: 400 }))
    for (let i = 0; i < 5; i++) expect((await api.refuse(`odd-${i}`)).status).toBe(503)
    await expect(api.accept('good')).resolves.toMatchObject({ subject: 'alice' })
  })

  test('IN05: does not invalidate recent responses', async () => {
    const api = introspectingApi()
    await api.accept('opaque-1')
    api.answer = () => new Response('', { status: 500 })
    await api.accept('opaque-1')
  })

  test('IN05: is given up where it never answers', async () => {
    const api = introspectingApi({}, { httpTimeoutSeconds: 30 })
    await api.accept('warm')
    api.answer = () => new Promise(() => undefined)
    const refusal = await pastDeadline(30, () => api.refuse('opaque-1'))
    expect(refusal).toMatchObject({ status: 503, code: 'provider_timeout' })
  })
})

describe('IN06: a signed introspection response', () => {
  const signed = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key = 0,
    contentType = 'application/token-introspection+jwt',
  ) => {
    const api = introspectingApi({ signedResponseAlg: 'ES256' })
    const { issuer } = api
    const signer = key === 0 ? issuer.keys[0] : signingKey()
    if (signer === undefined) throw new Error('no key')
    api.answer = () => {
      const payload = {
        iss: issuer.issuer,
        aud: 'api',
        iat: issuer.clock.seconds,
        token_introspection: active(issuer),
        ...claims,
      }
      const text = signJws(
        { alg: 'ES256', typ: 'token-introspection+jwt', kid: issuer.keys[0]?.kid, ...header },
        payload,
        signer,
      )
      return new Response(text, { headers: { 'content-type': contentType } })
    }
    return api
  }

  test.each(['application/token-introspection+jwt ; charset=utf-8', 'Application/Token-Introspection+JWT'])(
    'IN06: is accepted as %p',
    async (contentType) => {
      const api = signed({}, {}, 0, contentType)
      await expect(api.accept('opaque-1')).resolves.toMatchObject({ subject: 'alice' })
    },
  )

  test('IN06: is accepted, and was asked for', async () => {
    const api = signed()
    await expect(api.accept('opaque-1')).resolves.toMatchObject({ subject: 'alice' })
    expect(api.questions[0]?.headers.get('accept')).toBe('application/token-introspection+jwt')
  })

  test.each([
    ['another typ', {}, { typ: 'JWT' }],
    ['no typ', {}, { typ: undefined }],
    ['another issuer', { iss: 'https://evil.example.com' }, {}],
    ['another client', { aud: 'other' }, {}],
    ['no audience', { aud: undefined }, {}],
    ['an old one', { iat: 1_799_999_000 }, {}],
    ['no iat', { iat: undefined }, {}],
    ['another alg', {}, { alg: 'RS256' }],
    ['alg none', {}, { alg: 'none' }],
    ['no answer inside', { token_introspection: undefined }, {}],
    ['an answer that is not an object', { token_introspection: [active] }, {}],
    ['an active member outside', { token_introspection: {}, active: true }, {}],
  ])('IN06: with %s is an outage, not a response', async (_what, claims, header) => {
    expect((await signed(claims, header).refuse('opaque-1')).status).toBe(503)
  })

  test('IN06: is refused by another key or without a signature', async () => {
    expect((await signed({}, {}, 1).refuse('opaque-1')).status).toBe(503)
    const unsigned = introspectingApi({ signedResponseAlg: 'ES256' })
    expect((await unsigned.refuse('opaque-1')).status).toBe(503)
  })

  test('IN06: is refused where nobody asked for one', async () => {
    const api = introspectingApi()
    api.answer = signed().answer
    expect((await api.refuse('opaque-1')).status).toBe(503)
  })
})

describe('encrypted answers (RFC 9701)', () => {
  const { rsa } = keysByKind
  const encryptedApi = (change: (signed: string) => string | Promise<string> = (signed) => encrypted(signed, rsa)) => {
    const api = introspectingApi({ signedResponseAlg: 'ES256', decryptionKeys: [rsaPair().pem, rsa.pem] })
    const { issuer } = api
    const [signer] = issuer.keys
    if (signer === undefined) throw new Error('no key')
    api.answer = async () => {
      const claims = { iss: issuer.issuer, aud: 'api', iat: issuer.clock.seconds, token_introspection: active(issuer) }
      const signed = signJws({ alg: 'ES256', typ: 'token-introspection+jwt', kid: signer.kid }, claims, signer)
      return new Response(await change(signed), { headers: { 'content-type': 'application/token-introspection+jwt' } })
    }
    return api
  }

  test('a good one is taken', async () => {
    await expect(encryptedApi().accept('opaque-1')).resolves.toMatchObject({ subject: 'alice' })
  })

  test.each<[string, (signed: string) => string | Promise<string>]>([
    ['one that is signed only', (signed) => signed],
    ['one for another key', (signed) => encrypted(signed, rsaPair())],
    ['one that is not signed inside', () => encrypted('{"active":true}', rsa)],
    ['one whose signature is broken inside', (signed) => encrypted(`${signed.slice(0, -4)}AAAA`, rsa)],
  ])('%s is an outage, not an answer', async (_what, change) => {
    expect((await encryptedApi(change).refuse('opaque-1')).status).toBe(503)
  })

  test('without signatures inside, or with a key that decrypts nothing, is an error at the start', () => {
    expect(() => introspectingApi({ decryptionKeys: [rsa.pem] })).toThrow('must give "signedResponseAlg"')
    const decryptionKeys = [rsa.pem, rsaPair(1024).pem]
    expect(() => introspectingApi({ signedResponseAlg: 'ES256', decryptionKeys })).toThrow(
      '"introspection.decryptionKeys[1]"',
    )
  })
})

describe('IN07: introspection under scanning', () => {
  test('IN07: asks nothing about a text that is too long or cannot be a token', async () => {
    const api = introspectingApi()
    for (const token of ['a b', 'a"b', 'é', 'a,b', 'x'.repeat(300_000), 'a\u0000', '='])
      expect(await api.refuse(token)).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(api.questions).toEqual([])
  })

  test('IN07: asks about an inactive token once in a while', async () => {
    const api = introspectingApi()
    api.answer = { active: false }
    for (let i = 0; i < 20; i++) await api.refuse('opaque-1')
    expect(api.questions).toHaveLength(1)
    api.issuer.clock.seconds += 10
    await api.refuse('opaque-1')
    expect(api.questions).toHaveLength(2)
  })

  test.each([
    ['another audience', { aud: 'https://other.example.com' }, 'token_audience_mismatch'],
    ['an exp that is past', { exp: 1_700_000_000 }, 'token_expired'],
    ['another type', { token_type: 'refresh_token' }, 'token_type_refused'],
    ['what is not active', { active: false }, 'token_inactive'],
  ])(
    'IN07: has the same reason in the log for a token with %s, asked about or not',
    async (_what, overrides, reason) => {
      const api = introspectingApi()
      api.answer = active(api.issuer, overrides)
      const first = await api.refuse('opaque-1')
      const second = await api.refuse('opaque-1')
      expect([reasonOf(first), reasonOf(second)]).toEqual([reason, reason])
      expect(String(second.cause)).toBe(String(first.cause))
      expect(api.questions).toHaveLength(1)
    },
  )

  test('IN07: keeps out no token that was good before, whatever made-up ones bring the server to', async () => {
    const api = introspectingApi({ cacheSeconds: 0 })
    const isOdd = (form: URLSearchParams) => form.get('token')?.startsWith('odd') === true
    api.answer = ({ form }) => (isOdd(form) ? new Response('', { status: 500 }) : Response.json(active(api.issuer)))
    await api.accept('good')
    for (let i = 0; i < 10; i++) await api.refuse(`odd-${i}`)
    expect(api.questions).toHaveLength(4)
    expect((await api.refuse('new')).status).toBe(503)
    await api.accept('good')
    await api.accept('new')
  })

  test('IN07: RE01: keeps what it knows of good tokens in a flood of made-up ones', async () => {
    const issuer = apiProvider()
    let asked = 0
    const validate = createOpaqueValidation({
      introspect: async (token) => {
        asked += 1
        return token === 'good' ? active(issuer) : { active: false }
      },
      issuer: createTrustedIssuer(issuer.issuer, { audience: [audience] }, issuer.settings),
      reading: { scopes: () => [], isMachine: () => undefined },
      ...{ cacheSeconds: 60, clockToleranceSeconds: 0, runtime: issuer.clock },
    })
    await validate('good')
    for (let i = 0; i < 5100; i++) await expect(async () => validate(`made-up-${i}`)).rejects.toThrow()
    expect(asked).toBe(5101)
    await validate('good')
    expect(asked).toBe(5101)
  })

  test('IN07: asks again about a token that was refused, once it may be good, and the other way round', async () => {
    const api = introspectingApi({ cacheSeconds: 10 })
    for (const isGood of [true, false, true]) {
      api.answer = isGood ? active(api.issuer) : { active: false }
      api.issuer.clock.seconds += 10
      const attempts = [0, 1].map(() => (isGood ? api.accept('opaque-1') : api.refuse('opaque-1')))
      await Promise.all(attempts)
    }
    expect(api.questions).toHaveLength(3)
  })

  test('IN07: has no error that holds the token or the secret', async () => {
    const api = introspectingApi()
    for (const answer of [
      () => new Response('S3CR3T-token', { status: 400 }),
      () => Response.json({ active: 'S3CR3T-token' }),
    ]) {
      api.answer = answer
      const error = await refusalOf(api.validator.validate('Bearer S3CR3T-token'))
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/S3CR3T|api secret/)
    }
    expect(audience).toBeDefined()
  })
})
