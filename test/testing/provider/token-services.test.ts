import { beforeEach, describe, expect, test } from '@jest/globals'
import { type TestProvider, testProvider } from '../../../lib/testing/index.js'

const secret = 'a-secret-of-more-than-thirty-two-bytes'

let provider: TestProvider
beforeEach(async () => {
  provider = await testProvider({
    clients: { web: { clientSecret: secret }, other: { clientSecret: secret }, phone: {} },
    tokenFormat: 'opaque',
  })
})

type Form = Readonly<Record<string, string>>

async function post(path: string, form: Form, clientId = 'web'): Promise<{ status: number; body: Form }> {
  const body = new URLSearchParams({ client_id: clientId, client_secret: secret, ...form })
  const response = await provider.options.oidc.fetch(`${provider.issuer}${path}`, { method: 'POST', body })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Form) }
}

async function userinfo(authorization: string): Promise<{ status: number; body: Form }> {
  const response = await provider.options.oidc.fetch(`${provider.issuer}/userinfo`, { headers: { authorization } })
  return { status: response.status, body: (await response.json()) as Form }
}

describe('userinfo', () => {
  test('is about the person of the token', async () => {
    const { status, body } = await userinfo(`Bearer ${provider.accessToken({ scope: 'openid' })}`)
    expect({ status, sub: body['sub'] }).toEqual({ status: 200, sub: 'alice' })
  })

  test.each([
    ['without a token', ''],
    ['with another scheme', 'Basic abc'],
    ['with an unknown token', 'Bearer unknown'],
  ])('is refused %s', async (_what, authorization) => {
    expect(await userinfo(authorization)).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
  })

  test('is refused with the token of a machine', async () => {
    const { body } = await post('/token', { grant_type: 'client_credentials' })
    expect((await userinfo(`Bearer ${body['access_token'] ?? ''}`)).status).toBe(401)
  })

  test('is refused with a token that is bound to a key, without its proof', async () => {
    expect((await userinfo(`Bearer ${provider.accessToken({ jkt: 'k' })}`)).status).toBe(401)
  })
})

describe('introspection', () => {
  test('describes a token until it expires', async () => {
    const token = provider.accessToken({ scope: 'orders' })
    expect((await post('/introspect', { token })).body).toMatchObject({ active: true, token_type: 'Bearer' })
    provider.advance(3600)
    expect((await post('/introspect', { token })).body).toEqual({ active: false })
  })

  test('says that a bound token is one', async () => {
    const token = provider.accessToken({ jkt: 'k' })
    expect((await post('/introspect', { token })).body).toMatchObject({ token_type: 'DPoP' })
  })

  test('is for clients that prove who they are', async () => {
    expect((await post('/introspect', { token: 'x', client_secret: 'y' })).status).toBe(401)
  })
})

describe('revocation', () => {
  test('ends the tokens of the client itself only', async () => {
    const token = provider.accessToken()
    const isActive = async () => (await post('/introspect', { token })).body['active']
    expect((await post('/revoke', { token }, 'other')).status).toBe(200)
    expect(await isActive()).toBe(true)
    expect((await post('/revoke', { token })).status).toBe(200)
    expect(await isActive()).toBe(false)
    expect((await post('/revoke', { token: 'unknown' })).status).toBe(200)
  })
})

describe('a pushed authorization request', () => {
  const usual = { response_type: 'code', redirect_uri: 'https://app.test/callback' }

  test('is kept for a minute', async () => {
    const { status, body } = await post('/par', usual)
    expect([status, body]).toEqual([201, { request_uri: expect.stringMatching(/^urn:/), expires_in: 60 }])
  })

  test.each([
    ['pushes another', { ...usual, request_uri: 'urn:x' }],
    ['has no redirect URI', { response_type: 'code' }],
    ['has a redirect URI that is not a URL', { ...usual, redirect_uri: 'x' }],
  ])('is refused if it %s', async (_what, form: Form) => {
    expect(await post('/par', form)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })
})

test.each(['/token', '/par', '/introspect', '/revoke'])('%s takes POST only', async (path) => {
  expect((await provider.options.oidc.fetch(provider.issuer + path)).status).toBe(405)
})

describe('a token for an API', () => {
  test('is about the person, the client and the audience that are named', async () => {
    const token = provider.accessToken({ sub: 'mallory', clientId: 'phone', audience: 'https://b.test', expiresIn: 5 })
    expect((await post('/introspect', { token })).body).toMatchObject({
      sub: 'mallory',
      client_id: 'phone',
      aud: 'https://b.test',
    })
    const several = provider.accessToken({ audience: ['https://a.test', 'https://b.test'] })
    expect((await post('/introspect', { token: several })).body).toMatchObject({
      aud: ['https://a.test', 'https://b.test'],
    })
  })

  test('may have another type', () => {
    const [header = ''] = provider.accessToken({ typ: 'JWT' }).split('.')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ typ: 'JWT' })
  })
})
