import { X509Certificate, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import type { AdapterPayload, Configuration } from 'oidc-provider'
import { systemRuntime } from '../../lib/base/runtime.js'
import { clientCredentials, createBearerValidator } from '../../lib/index.js'
import { type Provider, createProvider } from '../../lib/provider/provider.js'
import { fixedTls } from '../../lib/provider/tls/tls-source.js'
import { failureOf } from '../kit/failure.js'
import { exchangeCode } from '../kit/provider/code-exchange.js'
import { type MutualTlsServer, clientCertificate, startMutualTls } from '../kit/provider/mutual-tls.js'
import { type Certificate, selfSigned } from '../kit/resource-server/certificate.js'
import { memoryAdapter } from '../provider-real/memory-adapter.js'
import { type RealProvider, startRealProvider } from '../provider-real/provider.js'

const api = 'https://api.example.com'
const redirectUri = 'https://app.example/callback'
const certificate = selfSigned('web')
const stranger = selfSigned('stranger')
const methods = ['tls_client_auth', 'self_signed_tls_client_auth'] as const
const random = () => randomBytes(32).toString('base64url')

let door: MutualTlsServer
let op: RealProvider

beforeAll(async () => {
  door = await startMutualTls([certificate, stranger])
  const endpoints = { token: '/token', revocation: '/token/revocation', introspection: '/token/introspection' }
  const aliases = { ...endpoints, userinfo: '/me', pushed_authorization_request: '/request' }
  const named = Object.entries(aliases).map(([name, path]) => [`${name}_endpoint`, `${door.origin}${path}`])
  const adapter = memoryAdapter()
  for (const method of methods) await adapter('Client').upsert(method, registered(method) as AdapterPayload, Infinity)
  op = await startRealProvider({
    overrides: {
      adapter,
      discovery: { mtls_endpoint_aliases: Object.fromEntries(named) },
      clientAuthMethods: ['client_secret_basic', ...methods],
      features: { mTLS: mutualTls },
    },
  })
  door.listener = op.provider.callback()
})
afterAll(async () => {
  await op.close()
  await door.close()
})

function registered(method: (typeof methods)[number]) {
  const jwk = { ...certificate.key.export({ format: 'jwk' }), d: undefined, x5c: [certificate.der.toString('base64')] }
  return {
    client_id: method,
    token_endpoint_auth_method: method,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    tls_client_certificate_bound_access_tokens: true,
    require_pushed_authorization_requests: true,
    ...(method === 'tls_client_auth'
      ? { tls_client_auth_subject_dn: 'CN=web' }
      : { jwks: { keys: [{ ...jwk, 'x5t#S256': certificate.thumbprint }] } }),
  }
}

const mutualTls: NonNullable<Configuration['features']>['mTLS'] = {
  enabled: true,
  certificateBoundAccessTokens: true,
  selfSignedTlsClientAuth: true,
  tlsClientAuth: true,
  getCertificate: ({ req }) => clientCertificate(req),
  certificateAuthorized: ({ req }) => 'authorized' in req.socket && req.socket.authorized === true,
  certificateSubjectMatches: ({ req }, _property, expected) =>
    new X509Certificate(clientCertificate(req) ?? '').subject === expected,
}

const tlsOf = ({ pem: cert, keyPem: key }: Certificate) => ({ cert, key, ca: [door.ca] })

function loginProvider(clientId: (typeof methods)[number]): Provider {
  return createProvider(
    {
      issuer: op.issuer,
      runtime: systemRuntime,
      tls: fixedTls(tlsOf(certificate)),
      usesMtlsEndpoints: true,
      httpTimeoutSeconds: 5,
      dangerouslyAllowHttp: false,
      clockToleranceSeconds: 30,
      metadataMaxAgeSeconds: 1800,
      keysMaxAgeSeconds: 600,
      keysStaleSeconds: 86_400,
    },
    { clientId, idTokenSigningAlg: 'RS256', clientAuthentication: clientId, pushedAuthorizationRequests: true },
  )
}

/** Signs alice in, as her browser would. */
async function signIn(provider: Provider) {
  const login = { redirectUri, scope: 'openid', state: random(), nonce: random(), codeVerifier: random() }
  let url = await provider.authorizationUrl({ ...login, parameters: {} })
  const cookies = new Map<string, string>()
  while (!url.startsWith(redirectUri)) {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`status ${response.status}: ${await response.text()}`)
    url = new URL(location, url).href
  }
  return exchangeCode(provider, { ...login, response: new URL(url).searchParams })
}

describe.each(methods)('at a real provider, %s', (method) => {
  const machine = (own = certificate) =>
    clientCredentials({ issuer: op.issuer, clientId: method, clientAuthentication: method, tls: tlsOf(own) })

  test('authenticates every request of a login, at the endpoints for mutual TLS', async () => {
    door.requests.length = 0
    const provider = loginProvider(method)
    const tokens = await signIn(provider)
    const { refreshToken = '', scope, idTokenClaims, accessToken = '' } = tokens
    expect(await provider.userinfo(accessToken, 'alice')).toMatchObject({ sub: 'alice' })
    const refreshed = await provider.refresh({ refreshToken, scope, idTokenClaims })
    expect(await provider.revokeToken(refreshed.refreshToken)).toBe(true)
    const { thumbprint } = certificate
    const names = ['POST /request', 'POST /token', 'GET /me', 'POST /token', 'POST /token/revocation']
    expect(door.requests).toEqual(names.map((name) => ({ name, thumbprint })))
    expect(provider.health().tokenEndpoint).toMatchObject({ state: 'ok' })
    provider.close()
  })

  test('gets tokens for a machine, bound to the certificate', async () => {
    const source = machine()
    const token = await source.getToken({ resource: api, scope: 'orders:read' })
    expect(decodeJwt(token)).toMatchObject({ client_id: method, cnf: { 'x5t#S256': certificate.thumbprint } })
    source.close()
  })

  test('is refused with the certificate of somebody else', async () => {
    const source = machine(stranger)
    expect(await failureOf(source.getToken())).toMatchObject({ code: 'provider_refused_client', status: 502 })
    source.close()
  })

  test('introspects tokens, and the binding of the introspected token is checked', async () => {
    const source = machine()
    const token = await source.getToken({ scope: '' })
    const options = {
      issuer: op.issuer,
      audience: null,
      subject: { client: true },
      mtls: { source: 'socket' },
      introspection: { clientId: method, clientAuthentication: method, tls: tlsOf(certificate) },
    } as const
    const validator = createBearerValidator(options)
    door.requests.length = 0
    expect(
      await validator.validate(`Bearer ${token}`, { certificateThumbprint: certificate.thumbprint }),
    ).toMatchObject({ claims: { client_id: method } })
    expect(door.requests).toEqual([{ name: 'POST /token/introspection', thumbprint: certificate.thumbprint }])
    const stolen = validator.validate(`Bearer ${token}`, { certificateThumbprint: stranger.thumbprint })
    expect(await failureOf(stolen)).toMatchObject({ code: 'invalid_token', status: 401 })
    validator.close()
    source.close()
  })
})
