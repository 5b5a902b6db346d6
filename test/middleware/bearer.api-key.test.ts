import { describe, expect, test } from '@jest/globals'
import { claim } from '../../lib/policy/claims.js'
import { any } from '../../lib/policy/combinators.js'
import { acr, scope } from '../../lib/policy/requirements.js'
import { machine, person } from '../../lib/policy/requirements.js'
import { ProviderError } from '../../lib/errors.js'
import { createBearerValidator } from '../../lib/resource-server/bearer-validator.js'
import { testApi } from '../kit/resource-server/api.js'
import { startApi } from '../kit/resource-server/server.js'

const owners: Readonly<Record<string, object | undefined>> = {
  good: { subject: 'billing', scopes: ['orders:read'], isMachine: true },
  whole: {
    subject: 'u1',
    issuer: 'https://me',
    claims: { org: 'x' },
    clientId: 'c',
    expiresAt: 1_800_000_100,
    isMachine: false,
  },
  old: { subject: 'billing', expiresAt: 1_800_000_000 },
}
const verify = async (key: string): Promise<unknown> => owners[key]
const apiKey = { header: 'X-Api-Key', verify }
const withKey = (key: string | string[], more = {}) => ({ headers: { 'x-api-key': key, ...more } })

describe('an API key', () => {
  test('makes a principal that does not hold the key', async () => {
    const { send } = await startApi({ options: { apiKey } })
    expect((await send(withKey('good'))).json).toEqual({
      auth: {
        scheme: 'api-key',
        subject: 'billing',
        issuer: 'api-key',
        scopes: ['orders:read'],
        claims: {},
        expiresAt: null,
        isMachine: true,
      },
    })
    expect((await send(withKey('whole'))).json).toEqual({
      auth: {
        scheme: 'api-key',
        subject: 'u1',
        issuer: 'https://me',
        scopes: [],
        claims: { org: 'x' },
        expiresAt: 1_800_000_100,
        clientId: 'c',
        isMachine: false,
      },
    })
  })

  test('may be the JWT of a proxy that signs people in, checked by a validator', async () => {
    const { issuer, validator } = testApi({ profile: 'external' })
    const checked = async (token: string) => {
      const { subject, issuer, claims, expiresAt } = await validator.validate(`Bearer ${token}`)
      return { subject, issuer, claims, expiresAt, isMachine: false }
    }
    const options = { apiKey: { header: 'cf-access-jwt-assertion', verify: checked } }
    const { send } = await startApi({ options, requirements: [person(), claim('email', 'ada@example.com')] })
    const withJwt = (token: string) => send({ headers: { 'cf-access-jwt-assertion': token } })
    const claims = {
      type: 'app',
      identity_nonce: 'x',
      email: 'ada@example.com',
      scope: undefined,
      client_id: undefined,
    }
    const header = { typ: undefined }
    expect((await withJwt(issuer.accessToken(claims, header))).status).toBe(200)
    const others = [{ aud: 'another' }, { exp: 1 }, { nonce: 'x' }]
    for (const other of others) {
      const refused = await withJwt(issuer.accessToken({ ...claims, ...other }, header))
      expect(refused).toMatchObject({ status: 401, json: { code: 'invalid_token' } })
    }
  })

  test.each([
    ['scope', scope('orders:write'), 403, /^DPoP error="insufficient_scope".* scope="orders:write"/],
    ['acr', acr('mfa'), 401, /^DPoP error="insufficient_user_authentication".* acr_values="mfa"/],
  ])(
    'that lacks what a guard asks for by %s gets the challenge of DPoP, where nothing else is taken',
    async (...row) => {
      const [, requirement, status, challenge] = row
      const { send } = await startApi({ options: { apiKey, dpop: 'required' }, requirements: [requirement] })
      const response = await send(withKey('good'))
      expect([response.status, response.headers['www-authenticate']]).toEqual([
        status,
        expect.stringMatching(challenge),
      ])
    },
  )

  test('is under the same guards as access tokens', async () => {
    const { send, present, issuer } = await startApi({ options: { apiKey }, requirements: [scope('orders:read')] })
    expect((await send(withKey('good'))).status).toBe(200)
    expect(await send(withKey('whole'))).toMatchObject({ status: 403, json: { code: 'insufficient_scope' } })
    expect((await present(issuer.accessToken())).status).toBe(200)
    const people = await startApi({ options: { apiKey }, requirements: [person()] })
    expect([(await people.send(withKey('good'))).status, (await people.send(withKey('whole'))).status]).toEqual([
      403, 200,
    ])
    const machines = await startApi({ options: { apiKey }, requirements: [machine()] })
    expect((await machines.send(withKey('good'))).status).toBe(200)
  })

  test.each([
    ['nobody knows', 'bad'],
    ['has expired', 'old'],
    ['is empty', ''],
    ['is a name that objects inherit', 'constructor'],
  ])('that %s is 401, required or not', async (_what, key) => {
    for (const required of [true, false]) {
      const safe = {
        header: 'x-api-key',
        verify: (name: string) => (Object.hasOwn(owners, name) ? owners[name] : undefined),
      }
      const { send } = await startApi({ options: { apiKey: safe, required } })
      const answer = await send(withKey(key))
      expect(answer).toMatchObject({ status: 401, json: { code: 'invalid_api_key' } })
      expect(answer.headers['www-authenticate']).toBe('Bearer')
    }
  })

  test('is answered with 503 if it cannot be verified now, without the reason', async () => {
    const failing = { header: 'x-api-key', verify: () => Promise.reject(new Error('S3CR3T')) }
    const { send } = await startApi({ options: { apiKey: failing } })
    const answer = await send(withKey('good'))
    expect(answer).toMatchObject({ status: 503, json: { code: 'provider_unavailable' } })
    expect(answer.headers['retry-after']).toBe('5')
    expect(answer.text).not.toContain('S3CR3T')
  })

  test.each([
    ['text', 'billing'],
    ['true', true],
    ['no subject', {}],
    ['an empty subject', { subject: '' }],
    ['scopes as text', { subject: 'x', scopes: 'a b' }],
    ['something else beside it', { subject: 'x', admin: true }],
  ])('whose owner is %s opens nothing: 500', async (_what, owner) => {
    const { send } = await startApi({ options: { apiKey: { header: 'x-api-key', verify: () => owner } } })
    expect((await send(withKey('good'))).status).toBe(500)
  })

  test('is answered with 400 beside an access token or twice, and is accepted beside another scheme', async () => {
    const { send, issuer } = await startApi({ options: { apiKey } })
    const token = issuer.accessToken()
    for (const authorization of [`Bearer ${token}`, 'bearer x', `DPoP ${token}`, 'Bearer']) {
      expect(await send(withKey('good', { authorization }))).toMatchObject({
        status: 400,
        json: { code: 'invalid_request' },
      })
    }
    expect((await send(withKey(['good', 'good']))).status).toBe(400)
    expect((await send(withKey('good', { authorization: 'Basic dTpw' }))).status).toBe(200)
  })

  test('leaves the claims of its owner to the application: nothing of it is frozen, and none is inherited', async () => {
    const org = { name: 'x' }
    const claims = JSON.parse('{"__proto__":{"role":"admin"}}') as Record<string, unknown>
    claims['org'] = org
    const owner = { subject: 'billing', claims }
    const wanted = any(claim('role', 'admin'), claim('constructor', 'x'), ({ claims: seen }) => 'constructor' in seen)
    const api = { header: 'x-api-key', verify: () => owner }
    expect(
      (await (await startApi({ options: { apiKey: api }, requirements: [wanted] })).send(withKey('k'))).status,
    ).toBe(403)
    expect([Object.isFrozen(org), Object.isFrozen(owner)]).toEqual([false, false])
  })

  test('is verified at each request, with the request', async () => {
    const asked: unknown[] = []
    const counting = {
      header: 'x-api-key',
      verify: (key: string, req: { method?: string }) => {
        asked.push([key, req.method])
        return owners[key]
      },
    }
    const { send } = await startApi({ options: { apiKey: counting } })
    await send(withKey('good'))
    await send({ ...withKey('good'), method: 'PUT' })
    expect(asked).toEqual([
      ['good', 'GET'],
      ['good', 'PUT'],
    ])
  })

  test('counts beside another scheme, whatever the query has', async () => {
    const { send } = await startApi({ options: { apiKey } })
    const path = '/api/orders?access_token=x'
    expect((await send({ ...withKey('good', { authorization: 'Basic dTpw' }), path })).status).toBe(200)
    expect((await send({ ...withKey('good', { authorization: 'Bearer x' }), path })).status).toBe(400)
  })

  test('does not affect requests without it', async () => {
    const { send, present, issuer } = await startApi({ options: { apiKey } })
    expect(await send()).toMatchObject({ status: 401, json: { code: 'missing_token' } })
    expect((await present(issuer.accessToken())).json).toMatchObject({ auth: { scheme: 'bearer' } })
    const optional = await startApi({ options: { apiKey, required: false } })
    expect(await optional.send()).toMatchObject({ status: 401, json: { code: 'missing_token' } })
  })

  test.each([
    ['Authorization', { header: 'Authorization', verify }],
    ['Cookie', { header: 'cookie', verify }],
    ['no header', { verify }],
    ['a query parameter', { header: '?key', verify }],
    ['no function', { header: 'x-api-key' }],
    ['more', { header: 'x-api-key', verify, query: 'key' }],
  ])('is refused as an option with %s', (_what, options) => {
    expect(() => testApi({ apiKey: options })).toThrow(/"apiKey/)
  })

  test('is not an option of functions that see no headers', () => {
    const options = { issuer: 'https://issuer.example.com', audience: 'x', apiKey } as never
    expect(() => createBearerValidator(options)).toThrow(/"apiKey" is for bearer\(\) only/)
  })
})

describe('bearer() with required: false', () => {
  test('leaves other schemes to other middleware, and still refuses invalid tokens', async () => {
    const { send, issuer } = await startApi({ options: { required: false }, requirements: [() => true] })
    for (const authorization of ['Basic dTpw', 'ApiKey key-1', 'Negotiate abc']) {
      // The guard behind it finds nobody.
      expect(await send({ headers: { authorization } })).toMatchObject({ status: 401, json: { code: 'missing_token' } })
    }
    for (const authorization of ['Bearer x', 'bearer x', 'DPoP x']) {
      expect((await send({ headers: { authorization } })).status).toBe(401)
    }
    expect((await send({ headers: { authorization: ['Basic dTpw', `Bearer ${issuer.accessToken()}`] } })).status).toBe(
      400,
    )
  })

  test('lets another scheme pass if no guard follows', async () => {
    const { bearer } = await startApi({ options: { required: false } })
    const headers = { authorization: 'Basic dTpw' }
    const req = { headers, rawHeaders: ['Authorization', 'Basic dTpw'], method: 'GET', url: '/' }
    expect(await bearer.authenticate(req as never)).toBeUndefined()
  })
})

describe('the check option of bearer()', () => {
  test('can turn a valid token into 401, seen before or not', async () => {
    const revoked = new Set<unknown>()
    const check = async ({ claims }: { claims: Record<string, unknown> }) => !revoked.has(claims['jti'])
    const { present, issuer } = await startApi({ options: { check } })
    const token = issuer.accessToken({ jti: 'j1' })
    for (let i = 0; i < 3; i++) expect((await present(token)).status).toBe(200)
    revoked.add('j1')
    const answer = await present(token)
    expect(answer).toMatchObject({ status: 401, json: { code: 'invalid_token' } })
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
    expect((await present(issuer.accessToken())).status).toBe(200)
  })

  test('gets the principal and the request', async () => {
    const seen: unknown[] = []
    const check = (principal: { subject: string; token?: string }, req: { url?: string }) => {
      seen.push([principal.subject, typeof principal.token, req.url])
      return true
    }
    const { accept, issuer } = testApi({ check })
    await accept(issuer.accessToken(), { url: 'https://api.example.com/x' })
    expect(seen).toEqual([['alice', 'string', 'https://api.example.com/x']])
  })

  test('is not called for a token that is refused anyway, nor for API keys', async () => {
    let asked = 0
    const { present, send } = await startApi({ options: { check: () => ++asked > 0, apiKey } })
    expect((await present('x')).status).toBe(401)
    expect((await send(withKey('good'))).status).toBe(200)
    expect(asked).toBe(0)
  })

  test('leads to 503 where it fails', async () => {
    for (const check of [
      () => {
        throw new Error('down')
      },
      () => Promise.reject(new Error('down')),
      () => Promise.reject(new ProviderError('provider_unreachable', 'down')),
    ]) {
      const { present, issuer } = await startApi({ options: { check } })
      const answer = await present(issuer.accessToken())
      expect(answer.status).toBe(503)
      expect(answer.headers['retry-after']).toBe('5')
    }
  })

  test.each([undefined, null, 1, 'true', {}])('leads to 500 where it returns %p', async (value) => {
    const { present, issuer } = await startApi({ options: { check: () => value } })
    expect((await present(issuer.accessToken())).status).toBe(500)
  })
})
