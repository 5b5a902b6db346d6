import { createPublicKey } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { AdapterPayload } from 'oidc-provider'
import { oidc } from '../../lib/index.js'
import { failureOf } from '../kit/failure.js'
import { signingKey } from '../kit/provider/keys.js'
import { clientCertificate, startMutualTls } from '../kit/provider/mutual-tls.js'
import { type Certificate, selfSigned } from '../kit/resource-server/certificate.js'
import { settled } from '../kit/until.js'
import { answering } from '../kit/world/applications.js'
import { startWorld } from '../kit/world/world.js'
import { memoryAdapter } from '../provider-real/memory-adapter.js'
import { webClient } from '../provider-real/provider.js'

const years = [2020, 2049] as const
const [old, next] = [selfSigned('old', { years }), selfSigned('next', { years, serial: 2 })]
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const secret = 'a secret for tests only, 32 characters at least'

test('oidc() presents its certificate to a provider that wants one from everybody', async () => {
  const { pem: cert, keyPem: key, thumbprint } = old
  const provider = await startMutualTls([old], (req, res) => {
    const issuer = provider.origin
    const endpoints = { authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` }
    const keys = [{ ...signingKey('RS256').publicKey.export({ format: 'jwk' }), kid: '1' }]
    const isKeys = req.url === '/jwks'
    res.end(JSON.stringify(isKeys ? { keys } : { issuer, ...endpoints, jwks_uri: `${issuer}/jwks` }))
  })
  const web = oidc({
    issuer: provider.origin,
    clientId: 'web',
    clientAuthentication: 'tls_client_auth',
    tls: { cert, key, ca: provider.ca },
    baseUrl: 'https://app.example.com',
    secret,
  })
  await web.ready()
  const names = ['GET /.well-known/openid-configuration', 'GET /jwks']
  expect(provider.requests).toEqual(names.map((name) => ({ name, thumbprint })))
  web.close()
  await provider.close()
})

test('ready() is an outage that names the function in "tls", where that fails', async () => {
  const web = oidc({
    issuer: 'https://localhost:1',
    clientId: 'web',
    tls: () => Promise.reject(new Error('vault')),
    baseUrl: 'https://app.example.com',
    secret,
  })
  expect(await failureOf(web.ready())).toMatchObject({ status: 503, message: 'the function in "tls" failed' })
  web.close()
})

/** An application and a real provider, whose endpoints for programs are behind mutual TLS, with an API beside them. */
async function startBound() {
  const door = await startMutualTls([old, next])
  const paths = {
    token: 'token',
    revocation: 'token/revocation',
    userinfo: 'me',
    pushed_authorization_request: 'request',
  }
  const aliases = Object.entries(paths).map(([name, path]) => [`${name}_endpoint`, `${door.origin}/${path}`])
  const published = [old, next].map(({ key, der, thumbprint }) => ({
    ...{ ...createPublicKey(key).export({ format: 'jwk' }), kid: thumbprint },
    ...{ x5c: [der.toString('base64')], 'x5t#S256': thumbprint },
  }))
  const state = { certificate: old }
  const adapter = memoryAdapter()
  const clientAuthentication = 'self_signed_tls_client_auth'
  const registered = {
    token_endpoint_auth_method: clientAuthentication,
    tls_client_certificate_bound_access_tokens: true,
    jwks: { keys: published },
  }
  const world = await startWorld({
    oidc: {
      ...{ clientId: 'bound', clientAuthentication, clientSecret: undefined, scope: 'openid offline_access' },
      ...{ pushedAuthorizationRequests: true, allowedOrigins: [door.origin] },
      authorizationParams: { prompt: 'consent' },
      tls: async () => {
        const { pem: cert, keyPem: key }: Certificate = state.certificate
        return { cert, key, ca: door.ca }
      },
    },
    client: (baseUrl) => {
      const client = { ...webClient(baseUrl, { client_id: 'bound' }), client_secret: undefined, ...registered }
      void adapter('Client').upsert('bound', client as AdapterPayload, Infinity)
      return {}
    },
    provider: {
      overrides: {
        adapter,
        discovery: { mtls_endpoint_aliases: Object.fromEntries(aliases) },
        clientAuthMethods: ['client_secret_basic', clientAuthentication],
        features: {
          mTLS: {
            ...{ enabled: true, certificateBoundAccessTokens: true, selfSignedTlsClientAuth: true },
            getCertificate: ({ req }) => clientCertificate(req),
          },
        },
      },
    },
    layers: [
      answering('/claims', async ({ oidc: session }) => (await session.userinfo({ maxAgeSeconds: 0 })).sub),
      answering('/orders', async ({ oidc: session }) => {
        const response = await session.fetch(`${door.origin}/orders`, { method: 'POST', body: 'x' })
        return response.status
      }),
    ],
  })
  const { provider } = world.provider
  const listener = provider.callback()
  // An API takes tokens only over a connection with the certificate that they are bound to.
  const isBound = async ({ headers: { authorization = '' } }: IncomingMessage) => {
    const token = await provider.AccessToken.find(authorization.replace('Bearer ', ''))
    return token?.['x5t#S256'] === door.requests.at(-1)?.thumbprint
  }
  door.listener = async (req, res) => {
    if (req.url === '/orders') res.writeHead((await isBound(req)) ? 200 : 401).end()
    else void listener(req, res)
  }
  ends.push(world.close, door.close)
  return { door, world, state }
}

describe('a session whose tokens are bound to the certificate of the client', () => {
  test('presents it in each request, to the provider and to APIs, and goes on with the one that replaces it', async () => {
    const { door, world, state } = await startBound()
    const get = async (path: string) => (await world.browser.fetch(world.url(path))).json()
    await world.signIn()
    expect(await get('/me')).toMatchObject({ user: { sub: 'alice' } })
    expect([await get('/claims'), await get('/orders')]).toEqual(['alice', 200])
    const seen = () =>
      door.requests.map(({ name, thumbprint }) => [name, thumbprint === old.thumbprint ? 'old' : 'next'])
    const before = ['POST /request', 'POST /token', 'GET /me', 'POST /orders']
    expect(seen()).toEqual(before.map((name) => [name, 'old']))
    state.certificate = next
    world.clock.advance(60)
    await get('/claims')
    await settled()
    door.requests.length = 0
    expect([await get('/orders'), await get('/claims')]).toEqual([200, 'alice'])
    expect(new Set(seen().map(([, name]) => name))).toEqual(new Set(['next']))
    expect(seen().filter(([name]) => name === 'POST /orders')).toHaveLength(2)
  })
})
