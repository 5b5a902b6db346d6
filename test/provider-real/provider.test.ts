import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { createHash } from 'node:crypto'
import { type JSONWebKeySet, createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { type Answer, Browser } from '../hosts/client.js'
import { type RealProvider, startRealProvider, webClient } from './provider.js'

const app = webClient('http://127.0.0.1:9')
const publicApp = webClient('http://127.0.0.1:9', { client_id: 'public', token_endpoint_auth_method: 'none' })
const api = 'https://api.example.com'
const verifier = 'v'.repeat(43)

interface Tokens {
  readonly access_token: string
  readonly id_token: string
  readonly refresh_token: string
  readonly error?: string
}

describe('the real provider', () => {
  let real: RealProvider
  const warn = jest.spyOn(console, 'warn')
  const info = jest.spyOn(console, 'info')

  beforeAll(async () => {
    real = await startRealProvider({ clients: [app, publicApp] })
  })

  afterAll(() => real.close())

  function authorizationUrl(params: Record<string, string> = {}) {
    const url = new URL('/auth', real.issuer)
    url.search = new URLSearchParams({
      client_id: 'web',
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:9/callback',
      scope: 'openid profile email',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...params,
    }).toString()
    return url.href
  }

  /** Follows the provider's redirects until one leads to the application. */
  async function signIn(browser: Browser, params: Record<string, string> = {}) {
    let answer: Answer = await browser.navigate(authorizationUrl(params))
    while (answer.location?.startsWith(real.issuer)) answer = await browser.navigate(answer.location)
    return { answer, response: new URL(answer.location ?? 'missing:').searchParams }
  }

  async function token(params: Record<string, string>, client = app.client_id, secret = app.client_secret) {
    const authorization = `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`
    const body = new URLSearchParams(params)
    const response = await fetch(`${real.issuer}/token`, { method: 'POST', headers: { authorization }, body })
    return (await response.json()) as Tokens
  }

  const redeem = (code: string | null, more: Record<string, string> = {}) =>
    token({
      grant_type: 'authorization_code',
      code: code ?? '',
      redirect_uri: 'http://127.0.0.1:9/callback',
      code_verifier: verifier,
      ...more,
    })

  test('signs alice in without a page, and names its issuer (RFC 9207)', async () => {
    const { response } = await signIn(new Browser(), { state: 'xyz' })
    expect([response.get('state'), response.get('iss')]).toEqual(['xyz', real.issuer])
    const { id_token: idToken } = await redeem(response.get('code'))
    expect(decodeJwt(idToken)).toMatchObject({
      iss: real.issuer,
      aud: 'web',
      sub: 'alice',
      name: 'Alice Example',
      email: 'alice@example.com',
      dept: 'hr',
    })
  })

  test('signs in the person that login_hint names', async () => {
    const { response } = await signIn(new Browser(), { login_hint: 'bob' })
    expect(decodeJwt((await redeem(response.get('code'))).id_token)['sub']).toBe('bob')
  })

  test('refuses a person whom it does not know', async () => {
    const { response } = await signIn(new Browser(), { login_hint: 'refuse' })
    expect(response.get('error')).toBe('access_denied')
  })

  test('remembers the browser, for prompt=none too', async () => {
    const browser = new Browser()
    expect((await signIn(browser, { prompt: 'none' })).response.get('error')).toBe('login_required')
    await signIn(browser, { login_hint: 'bob' })
    const { response } = await signIn(browser, { prompt: 'none' })
    expect(decodeJwt((await redeem(response.get('code'))).id_token)['sub']).toBe('bob')
  })

  test('requires PKCE of every client', async () => {
    const { response } = await signIn(new Browser(), { code_challenge: '', code_challenge_method: '' })
    expect(response.get('error')).toBe('invalid_request')
    const { response: good } = await signIn(new Browser())
    expect((await redeem(good.get('code'), { code_verifier: 'w'.repeat(43) })).error).toBe('invalid_grant')
  })

  test('steps up when acr_values asks for more than the session has', async () => {
    const browser = new Browser()
    const acr = async (params: Record<string, string>) =>
      decodeJwt((await redeem((await signIn(browser, params)).response.get('code'))).id_token)['acr']
    expect(await acr({ acr_values: 'urn:example:password' })).toBe('urn:example:password')
    expect(await acr({ acr_values: 'urn:example:mfa' })).toBe('urn:example:mfa')
  })

  test('says when the person signed in where max_age is asked', async () => {
    const { response } = await signIn(new Browser(), { max_age: '3600' })
    expect(typeof decodeJwt((await redeem(response.get('code'))).id_token)['auth_time']).toBe('number')
  })

  test('answers by form_post', async () => {
    const { answer } = await signIn(new Browser(), { response_mode: 'form_post' })
    expect(answer.text).toContain('action="http://127.0.0.1:9/callback"')
    expect(answer.text).toContain('name="code"')
  })

  test('issues JWT access tokens for a named API, which its keys verify', async () => {
    const { response } = await signIn(new Browser(), { resource: api, scope: 'openid orders:read' })
    const { access_token: accessToken } = await redeem(response.get('code'))
    const keys = createLocalJWKSet((await (await fetch(`${real.issuer}/jwks`)).json()) as JSONWebKeySet)
    const { payload } = await jwtVerify(accessToken, keys, { issuer: real.issuer, audience: api, typ: 'at+jwt' })
    expect(payload).toMatchObject({ sub: 'alice', scope: 'orders:read', client_id: 'web', dept: 'hr' })
  })

  test('refuses an API that it does not know', async () => {
    const { response } = await signIn(new Browser(), { resource: 'https://other.example' })
    expect(response.get('error')).toBe('invalid_target')
  })

  test('rotates refresh tokens, and ends the grant when an old one comes back', async () => {
    const { response } = await signIn(new Browser())
    const first = await redeem(response.get('code'))
    const refresh = (refreshToken: string) => token({ grant_type: 'refresh_token', refresh_token: refreshToken })
    const second = await refresh(first.refresh_token)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect((await refresh(first.refresh_token)).error).toBe('invalid_grant')
    expect((await refresh(second.refresh_token)).error).toBe('invalid_grant')
  })

  test('gives a machine its token', async () => {
    const { clientId, clientSecret } = real.machine
    const params = { grant_type: 'client_credentials', resource: api, scope: 'orders:read' }
    const { access_token: accessToken } = await token(params, clientId, clientSecret)
    expect(decodeJwt(accessToken)).toMatchObject({ aud: api, client_id: 'machine', scope: 'orders:read' })
  })

  test('signs out by redirects alone, and back to the application', async () => {
    const browser = new Browser()
    const { response } = await signIn(browser)
    const { id_token: idToken } = await redeem(response.get('code'))
    const params = { id_token_hint: idToken, post_logout_redirect_uri: 'http://127.0.0.1:9/', state: 's' }
    const answer = await browser.navigate(`${real.issuer}/session/end?${new URLSearchParams(params).toString()}`)
    expect([answer.status, answer.location]).toEqual([302, 'http://127.0.0.1:9/?state=s'])
    expect((await signIn(browser, { prompt: 'none' })).response.get('error')).toBe('login_required')
  })

  test('signs out a browser that it does not know', async () => {
    const params = { client_id: 'web', post_logout_redirect_uri: 'http://127.0.0.1:9/' }
    const url = `${real.issuer}/session/end?${new URLSearchParams(params).toString()}`
    expect((await new Browser().navigate(url)).location).toBe('http://127.0.0.1:9/')
  })

  test('keeps its state to itself', async () => {
    const second = await startRealProvider({ defaultAccount: 'bob' })
    expect(second.issuer).not.toBe(real.issuer)
    const response = await fetch(`${second.issuer}/.well-known/openid-configuration`)
    expect(await response.json()).toMatchObject({
      issuer: second.issuer,
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
      end_session_endpoint: `${second.issuer}/session/end`,
      pushed_authorization_request_endpoint: `${second.issuer}/request`,
    })
    expect(second.requests).toEqual(['GET /.well-known/openid-configuration'])
    await second.close()
  })

  test('prints nothing', () => {
    expect([warn.mock.calls, info.mock.calls]).toEqual([[], []])
  })
})
