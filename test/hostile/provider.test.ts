import { afterEach, describe, expect, test } from '@jest/globals'
import * as client from 'openid-client'
import type { RegisteredClient } from './demands.js'
import type { Faults } from './faults.js'
import type { SigningAlgorithm } from './keys.js'
import { modules } from './modules.js'
import { type HostileProvider, startHostileProvider } from './provider.js'

const registered: RegisteredClient = {
  clientId: 'hostile-client',
  clientSecret: 'a secret of + % : and / signs, long enough',
  authentication: 'client_secret_basic',
  redirectUri: 'http://127.0.0.1/callback',
}
let provider: HostileProvider | undefined
afterEach(() => provider?.close())

describe('the hostile provider, seen by openid-client', () => {
  test('is honest without faults: login, signature, userinfo and refresh work', async () => {
    const { config, tokens } = await login({})
    const claims = tokens.claims()
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '')
    expect(userinfo.email).toBe('ada@example.com')
    await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(provider?.calls()).toEqual(calls({ token: 2, jwks: 1, userinfo: 1 }))
    expect(provider?.flaws).toEqual([])
  })

  test.each<[string, Faults]>([
    ['one key without kid', { keySet: 'one key without kid' }],
    ['decoys with the same kid', { keySet: 'decoys with the same kid' }],
    ['keys replaced before signing', { rotates: 'before signing' }],
  ])('publishes the key that it signs with: %s', async (_name, faults) => {
    const { tokens } = await login(faults)
    expect(tokens.claims()?.sub).toBe('hostile-user-1')
  })

  test('accepts a code once, and notes the second try', async () => {
    const { config, callback, checks } = await login({})
    await expect(client.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    expect(provider?.flaws).toEqual(['token: code or refresh token is unknown or used'])
  })

  test('refuses a code verifier that does not fit, and notes it', async () => {
    await expect(login({}, { wrongVerifier: client.randomPKCECodeVerifier() })).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    expect(provider?.flaws).toEqual(['token: code_verifier'])
  })
})

describe('a fault in the ID Token is refused by openid-client when it checks signatures', () => {
  const inIdToken = modules.filter(({ stopsAfter, expect }) => stopsAfter === 'token' && expect === 'stop')
  const byId = new Map(inIdToken.map((module) => [module.id, module]))

  test.each([...byId.values()])('$id', async ({ faults, algorithm = 'RS256' }) => {
    await expect(login(faults, { algorithm })).rejects.toMatchObject({ name: 'ClientError' })
    expect(provider?.calls()).toMatchObject({ token: 1, userinfo: 0 })
    expect(provider?.flaws).toEqual([])
  })
})

interface LoginOptions {
  readonly algorithm?: SigningAlgorithm
  readonly wrongVerifier?: string
}

async function login(faults: Faults, { algorithm = 'RS256', wrongVerifier }: LoginOptions = {}) {
  provider = await startHostileProvider({ client: registered, faults, algorithm })
  const metadata = { id_token_signed_response_alg: algorithm }
  const authentication = client.ClientSecretBasic(registered.clientSecret)
  const config = await client.discovery(new URL(provider.issuer), registered.clientId, metadata, authentication, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  })
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedNonce: client.randomNonce(), expectedState: client.randomState() }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: registered.redirectUri,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    nonce: checks.expectedNonce,
    state: checks.expectedState,
  })
  const answer = await fetch(url, { redirect: 'manual' })
  const callback = new URL(answer.headers.get('location') ?? '')
  const used = wrongVerifier === undefined ? checks : { ...checks, pkceCodeVerifier: wrongVerifier }
  return { config, callback, checks, tokens: await client.authorizationCodeGrant(config, callback, used) }
}

function calls(changed: Readonly<Record<string, number>>) {
  return { discovery: 1, jwks: 0, authorize: 1, token: 1, userinfo: 0, end_session: 0, other: 0, par: 0, ...changed }
}
