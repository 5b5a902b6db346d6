import { sign } from 'node:crypto'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { ClientKeyOption } from '../../../lib/options/common/client-authentication.js'
import { importClientKeys } from '../../../lib/provider/authentication/client-keys.js'
import { createProvider } from '../../../lib/provider/provider.js'
import { createTokens } from '../../kit/client/source.js'
import { failureOf } from '../../kit/failure.js'
import { signingKey } from '../../kit/provider/keys.js'
import { FakeProvider } from '../../kit/provider/provider.js'
import { introspectingApi } from '../../kit/resource-server/introspecting.js'
import { pastDeadline } from '../../kit/timers.js'
import { watchAll } from '../../kit/watching/watching.js'

const { publicKey } = signingKey('ES256')
const stranger = signingKey('ES256').privateKey
type Sign = Extract<ClientKeyOption, { sign: unknown }>['sign']
const keysOf = (by: unknown) => ({ current: { sign: by as Sign, alg: 'ES256', publicKey } })

const flaws: readonly (readonly [string, unknown, string])[] = [
  ['is down', () => Promise.reject(new Error('token of the vault: hush')), 'provider_unavailable'],
  [
    'throws',
    () => {
      throw new Error('hush')
    },
    'provider_unavailable',
  ],
  ['returns garbage', () => 'garbage', 'provider_unavailable'],
  ['signs with another key', (data: Buffer) => sign('sha256', data, stranger), 'provider_unavailable'],
  ['hangs', () => new Promise(() => undefined), 'provider_timeout'],
]

/** The failure of some work within a deadline of 30 seconds, and the names of the steps whose traces say why. */
async function tracedFailure(work: () => unknown, hangs: () => boolean) {
  const told = new Set<string>()
  const watch = watchAll(({ step, error }) => {
    if (error?.message.includes('"clientKeys.current.sign"') === true) told.add(step)
  })
  try {
    return { error: await pastDeadline(30, () => failureOf(work), hangs), told }
  } finally {
    watch.stop()
  }
}

describe.each(flaws)('MT08: a KMS that %s is an outage, 503', (_what, by, code) => {
  const patient = { httpTimeoutSeconds: 30 }
  let isAsked: boolean
  beforeEach(() => void (isAsked = false))
  const clientKeys = keysOf((input: Buffer) => ((isAsked = true), (by as Sign)(input, 'ES256')))

  test('where a machine gets a token, and the trace says why', async () => {
    const { source, requests } = createTokens({
      ...{ clientSecret: undefined, clientAuthentication: 'private_key_jwt', clientKeys },
      ...patient,
    })
    const { error, told } = await tracedFailure(
      () => source.getToken(),
      () => isAsked,
    )
    expect(error).toMatchObject({ code, status: 503 })
    expect([...told]).toEqual(['client_credentials'])
    expect(requests()).toEqual([])
    expect(JSON.stringify(error) + error.message).not.toContain('hush')
    source.close()
  })

  test('where a token is introspected: never 401', async () => {
    const credentials = { clientSecret: undefined, clientAuthentication: 'private_key_jwt', clientKeys }
    const api = introspectingApi(credentials, patient)
    const { error, told } = await tracedFailure(
      () => api.accept('opaque-token'),
      () => isAsked,
    )
    expect(error).toMatchObject({ code, status: 503 })
    expect([...told].sort()).toEqual(['introspection', 'validation'])
    expect(api.questions).toEqual([])
  })

  test('where a login begins with a signed or a pushed request', async () => {
    const op = new FakeProvider()
    op.metadata['pushed_authorization_request_endpoint'] = `${op.issuer}/par`
    const clientKeys = importClientKeys(keysOf(by), 0.1)
    const login = { redirectUri: 'https://app.example/callback', scope: 'openid', state: 's', nonce: 'n' }
    const request = { ...login, codeVerifier: 'v'.repeat(43), parameters: {} }
    for (const more of [{ requestObject: {} }, { pushedAuthorizationRequests: true }]) {
      const client = { ...op.client, clientAuthentication: 'private_key_jwt', clientKeys, ...more } as const
      const provider = createProvider(op.settings, client)
      expect(await failureOf(provider.authorizationUrl(request))).toMatchObject({ code, status: 503 })
      provider.close()
    }
    expect(op.seen.filter(({ url }) => url.pathname === '/par')).toEqual([])
  })

  test('where a code is exchanged, tokens are refreshed and one is revoked', async () => {
    const op = new FakeProvider()
    op.metadata['revocation_endpoint'] = `${op.issuer}/revoke`
    const clientKeys = importClientKeys(keysOf(by), 0.1)
    const provider = createProvider(op.settings, { ...op.client, clientAuthentication: 'private_key_jwt', clientKeys })
    const idTokenClaims = { iss: op.issuer, sub: 'alice', aud: 'client-1', iat: 0, exp: 1 }
    const refresh = provider.refresh({ refreshToken: 'r', scope: 'openid', idTokenClaims })
    expect(await failureOf(refresh)).toMatchObject({ code, status: 503 })
    expect(await failureOf(provider.revokeToken('r'))).toMatchObject({ code, status: 503 })
    expect(op.seen.filter(({ method }) => method === 'POST')).toEqual([])
    provider.close()
  })
})

test.each([
  ['a key that signs nothing', 'garbage', 'clientAssertionKey'],
  ['nothing', undefined, 'the function in "clientAssertionKey" returned an invalid value'],
])('a function for a key that returns %s is an outage, 503', async (_what, key, message) => {
  const { source, requests } = createTokens({ clientSecret: undefined, clientAssertionKey: () => key as string })
  const error = await failureOf(source.getToken())
  expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
  expect(error.message).toContain(message)
  expect(requests()).toEqual([])
  source.close()
})
