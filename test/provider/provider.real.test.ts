import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { systemRuntime } from '../../lib/base/runtime.js'
import { type Provider, createProvider } from '../../lib/provider/provider.js'
import type { ClientSettings, TokenSet } from '../../lib/provider/types.js'
import { type RealProvider, startRealProvider, webClient } from '../provider-real/provider.js'
import { type Callback, exchangeCode } from '../kit/provider/code-exchange.js'
import { failureOf } from '../kit/failure.js'

const app = 'https://app.example'
const oddSecret = 'GOCSPX-a_b.c~ %+:&="'.padEnd(40, '!')
const random = () => randomBytes(32).toString('base64url')

const clients: Record<string, { registered: object; settings: Partial<ClientSettings> }> = {
  client_secret_basic: { registered: { client_secret: oddSecret }, settings: { clientSecret: oddSecret } },
  client_secret_post: {
    registered: { client_secret: oddSecret, token_endpoint_auth_method: 'client_secret_post' },
    settings: { clientSecret: oddSecret, clientAuthentication: 'client_secret_post' },
  },
  'a pushed request': {
    registered: { require_pushed_authorization_requests: true, client_secret: oddSecret },
    settings: { clientSecret: oddSecret, pushedAuthorizationRequests: true },
  },
  'signed userinfo': {
    registered: { userinfo_signed_response_alg: 'RS256', client_secret: oddSecret },
    settings: { clientSecret: oddSecret, userinfoSigningAlg: 'RS256' },
  },
}
const idOf = (name: string) => name.replaceAll(' ', '-')

let op: RealProvider

beforeAll(async () => {
  op = await startRealProvider({
    clients: Object.entries(clients).map(([name, { registered }]) => ({
      ...webClient(app, { client_id: idOf(name) }),
      ...registered,
    })),
    overrides: { features: { jwtUserinfo: { enabled: true } } },
  })
})
afterAll(() => op.close())

function providerFor(name: string, changes: Partial<ClientSettings> = {}): Provider {
  return createProvider(
    {
      issuer: op.issuer,
      runtime: systemRuntime,
      fetch,
      httpTimeoutSeconds: 5,
      dangerouslyAllowHttp: false,
      clockToleranceSeconds: 30,
      metadataMaxAgeSeconds: 1800,
      keysMaxAgeSeconds: 600,
      keysStaleSeconds: 86_400,
    },
    { clientId: idOf(name), idTokenSigningAlg: 'RS256', ...clients[name]?.settings, ...changes },
  )
}

/** Signs alice in, as her browser would, and returns what the callback gets. */
async function signIn(provider: Provider): Promise<Callback> {
  const [state, nonce, codeVerifier] = [random(), random(), random()]
  const redirectUri = `${app}/callback`
  const scope = 'openid profile'
  let url = await provider.authorizationUrl({ redirectUri, scope, state, nonce, codeVerifier, parameters: {} })
  const cookies = new Map<string, string>()
  for (let hops = 0; hops < 10 && !url.startsWith(app); hops++) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      cookies.set(name, value)
    }
    url = new URL(response.headers.get('location') ?? '', url).href
  }
  return { redirectUri, response: new URL(url).searchParams, state, nonce, codeVerifier, scope }
}

describe('with a real provider', () => {
  test.each(Object.keys(clients))('%s: signs in, refreshes, and asks for claims', async (name) => {
    const provider = providerFor(name)
    const tokens: TokenSet = await exchangeCode(provider, await signIn(provider))
    expect(tokens.idTokenClaims).toMatchObject({ iss: op.issuer, sub: 'alice', aud: idOf(name) })
    expect(tokens.tokenType).toBe('bearer')
    expect(await provider.userinfo(tokens.accessToken ?? '', 'alice')).toMatchObject({ sub: 'alice' })
    const refreshed = await provider.refresh({
      refreshToken: tokens.refreshToken ?? '',
      scope: tokens.scope,
      idTokenClaims: tokens.idTokenClaims,
    })
    expect(refreshed.accessToken).not.toBe(tokens.accessToken)
    expect(refreshed.refreshToken).not.toBe(tokens.refreshToken)
    provider.close()
  })

  test('RF05: refuses a refresh token that was used before with invalid_grant', async () => {
    const provider = providerFor('client_secret_basic')
    const { refreshToken = '', scope, idTokenClaims } = await exchangeCode(provider, await signIn(provider))
    await provider.refresh({ refreshToken, scope, idTokenClaims })
    expect(await failureOf(provider.refresh({ refreshToken, scope, idTokenClaims }))).toMatchObject({
      code: 'invalid_grant',
    })
  })

  test('CB04: refuses a code that was used before with invalid_grant', async () => {
    const provider = providerFor('client_secret_basic')
    const exchange = await signIn(provider)
    await exchangeCode(provider, exchange)
    expect(await failureOf(exchangeCode(provider, exchange))).toMatchObject({ code: 'invalid_grant', status: 400 })
  })

  test('CB13: refuses a code of another login for its verifier', async () => {
    const provider = providerFor('client_secret_basic')
    const exchange = await signIn(provider)
    expect(await failureOf(exchangeCode(provider, { ...exchange, codeVerifier: random() }))).toMatchObject({
      code: 'invalid_grant',
    })
  })

  test('reports invalid credentials as an error of the configuration', async () => {
    const provider = providerFor('client_secret_basic')
    const exchange = await signIn(provider)
    expect(
      await failureOf(exchangeCode(providerFor('client_secret_basic', { clientSecret: 'wrong' }), exchange)),
    ).toMatchObject({
      code: 'provider_refused_client',
      status: 502,
    })
  })

  test('refuses an access token that nobody issued at the UserInfo endpoint', async () => {
    const provider = providerFor('client_secret_basic')
    expect(await failureOf(provider.userinfo('unknown', 'alice'))).toMatchObject({ code: 'token_inactive' })
  })

  test('CB15: requires its iss parameter, as its metadata promise', async () => {
    const provider = providerFor('client_secret_basic')
    const exchange = await signIn(provider)
    exchange.response.delete('iss')
    expect(await failureOf(exchangeCode(provider, exchange))).toMatchObject({ code: 'issuer_mismatch' })
  })
})
