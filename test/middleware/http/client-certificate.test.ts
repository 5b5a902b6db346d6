import { afterEach, describe, expect, test } from '@jest/globals'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { ConfigurationError } from '../../../lib/errors.js'
import { bearer, createBearer } from '../../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { reasonOf, refusalOf, testApi } from '../../kit/resource-server/api.js'
import { type Certificate, selfSigned } from '../../kit/resource-server/certificate.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'
import { startApi } from '../../kit/resource-server/server.js'

const client = selfSigned('client')
const other = selfSigned('other')
const server = selfSigned('localhost')
const bound = { cnf: { 'x5t#S256': client.thumbprint } }

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

describe('MT01: a token that is bound to a certificate', () => {
  test('MT01: is accepted with that certificate only', async () => {
    const { issuer, accept, refuse } = testApi({ mtls: { source: 'socket' } })
    const token = issuer.accessToken(bound)
    await expect(accept(token, { certificateThumbprint: client.thumbprint })).resolves.toMatchObject({
      subject: 'alice',
    })
    for (const certificateThumbprint of [other.thumbprint, undefined, '', client.thumbprint.toLowerCase()]) {
      const error = await refuse(token, { certificateThumbprint })
      expect(error).toMatchObject({ status: 401, code: 'invalid_token' })
      expect(reasonOf(error)).toBe('token_binding_failed')
    }
  })

  test.each([
    [{ 'x5t#S256': 5 }],
    [{ 'x5t#S256': '' }],
    [{ 'x5t#S256': null }],
    [{ 'x5t#S256': `${client.thumbprint}=` }],
    [{ x5t: 'x' }],
    [[]],
  ])('MT01: a malformed cnf is refused: %j', async (cnf) => {
    const { issuer, refuse } = testApi({ mtls: { source: 'socket' } })
    expect(reasonOf(await refuse(issuer.accessToken({ cnf }), { certificateThumbprint: client.thumbprint }))).toBe(
      'token_binding_failed',
    )
  })

  test('MT01: needs both proofs where it is bound to a key as well', async () => {
    const { issuer, refuse } = testApi({ mtls: { source: 'socket' }, dpop: 'allowed' })
    const token = issuer.accessToken({ cnf: { ...bound.cnf, jkt: client.thumbprint } })
    expect((await refuse(token, { certificateThumbprint: client.thumbprint })).status).toBe(401)
  })

  test('MT01: cannot be replaced by an unbound token where binding is required', async () => {
    const { issuer, accept, refuse } = testApi({ mtls: { source: 'socket', required: true } })
    expect((await refuse(issuer.accessToken(), { certificateThumbprint: client.thumbprint })).status).toBe(401)
    await accept(issuer.accessToken(bound), { certificateThumbprint: client.thumbprint })
    await expect(testApi({ mtls: { source: 'socket' } }).validator.validate(undefined)).rejects.toMatchObject({
      status: 401,
    })
  })

  test('MT01: is accepted with the certificate of the TLS connection', async () => {
    const issuer = apiProvider()
    const options = { issuer: issuer.issuer, audience, fetch: issuer.fetch, mtls: { source: 'socket' } }
    const send = await startTls(createBearer(parseBearerOptions(options), issuer.clock))
    const token = issuer.accessToken(bound)
    expect(await send(token, client)).toBe(200)
    expect(await send(token, other)).toBe(401)
    expect(await send(token)).toBe(401)
    expect(await send(issuer.accessToken(), other)).toBe(200)
  })
})

describe('MT02: a certificate in a header', () => {
  const formats = {
    'pem-urlencoded': encodeURIComponent(client.pem),
    rfc9440: `:${client.der.toString('base64')}:`,
    xfcc: `By=spiffe://x;Hash=${Buffer.from(client.thumbprint, 'base64url').toString('hex')};Subject="CN=a,O=b;c"`,
  } as const
  const start = (format: string, trustedProxies: string[] = ['127.0.0.0/8']) => {
    const mtls = { source: 'header', header: 'X-Client-Cert', format, trustedProxies }
    return startApi({ options: { mtls } })
  }

  test.each(Object.entries(formats))('MT02: is accepted from a trusted proxy as %s', async (format, value) => {
    const api = await start(format)
    const token = api.issuer.accessToken(bound)
    expect((await api.present(token, { headers: { 'x-client-cert': value } })).status).toBe(200)
    const elsewhere = api.issuer.accessToken({ cnf: { 'x5t#S256': other.thumbprint } })
    expect((await api.present(elsewhere, { headers: { 'x-client-cert': value } })).status).toBe(401)
  })

  test.each(Object.entries(formats))(
    'MT02: is not accepted as %s in any other format, twice, damaged or missing',
    async (format, value) => {
      const api = await start(format)
      const token = api.issuer.accessToken(bound)
      const others = Object.entries(formats).filter(([name]) => name !== format)
      const hash = Buffer.from(other.thumbprint, 'base64url').toString('hex')
      const bad = [
        ...others.map(([, text]) => text),
        [value, value],
        `${value},${value}`,
        `${value};Hash=${hash}`,
        `By=x;Hash=${hash},${value}`,
        value.slice(5),
        `${value}%`,
        '%',
        '::',
        'null',
        '',
      ]
      for (const text of bad) {
        expect((await api.present(token, { headers: { 'x-client-cert': text } })).status).toBe(401)
      }
      expect((await api.present(token, { headers: { 'client-cert': value } })).status).toBe(401)
      await api.close()
    },
  )

  test('MT02: is not read from an address that is not trusted', async () => {
    const api = await start('rfc9440', ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'])
    const headers = { 'x-client-cert': formats.rfc9440, 'x-forwarded-for': '10.0.0.1' }
    expect((await api.present(api.issuer.accessToken(bound), { headers })).status).toBe(401)
  })

  test('MT02: is not read where the socket is the source', async () => {
    const api = await startApi({ options: { mtls: { source: 'socket' } } })
    for (const [name, value] of [
      ['x-client-cert', formats.rfc9440],
      ['client-cert', formats.rfc9440],
      ['x-forwarded-client-cert', formats.xfcc],
    ] as const) {
      expect((await api.present(api.issuer.accessToken(bound), { headers: { [name]: value } })).status).toBe(401)
    }
  })

  test('MT02: needs a named header, format and proxies', () => {
    const whole = { source: 'header', header: 'x', format: 'xfcc', trustedProxies: ['127.0.0.1'] }
    const bad = [
      { source: 'header' },
      { ...whole, trustedProxies: [] },
      { ...whole, trustedProxies: ['proxy.example.com'] },
      { ...whole, trustedProxies: ['10.0.0.0/33'] },
      { ...whole, trustedProxies: ['10.0.0.0/8/8'] },
      { ...whole, format: 'auto' },
      { ...whole, header: 'a b' },
      { source: 'any' },
      'on',
    ]
    for (const mtls of bad) {
      const options = { issuer: 'https://issuer.example.com', audience, mtls } as never
      expect(() => bearer(options)).toThrow(ConfigurationError)
    }
  })
})

test('MT03: without mutual TLS a bound token is refused, not let through', async () => {
  const { issuer, refuse } = testApi()
  const error = await refuse(issuer.accessToken(bound), { certificateThumbprint: client.thumbprint })
  expect(reasonOf(error)).toBe('token_binding_failed')
})

describe('MT04: an endpoint alias for mutual TLS', () => {
  const introspection = { clientId: 'api', clientAuthentication: 'tls_client_auth' }
  const setUp = (alias: unknown, options: Record<string, unknown> = introspection) => {
    const issuer = apiProvider()
    issuer.metadata = {
      ...issuer.metadata,
      introspection_endpoint: `${issuer.issuer}/introspect`,
      mtls_endpoint_aliases: { introspection_endpoint: alias },
    }
    issuer.intercept = (url) =>
      url.endsWith('/introspect')
        ? Response.json({ active: true, sub: 'alice', aud: audience, client_id: 'web', scope: 'a' })
        : undefined
    return testApi({ introspection: options }, issuer)
  }

  test('MT04: is used when the client authenticates by certificate, and only then', async () => {
    const alias = 'https://mtls.example.com/introspect'
    const { issuer, accept } = setUp(alias)
    await accept('opaque-token')
    expect(issuer.requests.at(-1)).toBe(alias)
    const plain = setUp(alias, { clientId: 'api', clientSecret: 'secret' })
    await plain.accept('opaque-token')
    expect(plain.issuer.requests.at(-1)).toBe(`${plain.issuer.issuer}/introspect`)
  })

  test.each(['not a url', 'http://mtls.example.com/introspect', 5, null, ''])(
    'MT04: that is %p is an error, and no other endpoint is asked',
    async (alias) => {
      const { issuer, refuse } = setUp(alias)
      expect((await refuse('opaque-token')).status).toBe(503)
      expect(issuer.requests.filter((url) => url.endsWith('/introspect'))).toEqual([])
    },
  )
})

async function startTls(middleware: ReturnType<typeof createBearer>) {
  const options = {
    key: server.key.export({ type: 'pkcs8', format: 'pem' }),
    cert: server.pem,
    requestCert: true,
    rejectUnauthorized: false,
  }
  const https = createServer(options, (req: IncomingMessage, res: ServerResponse) => {
    middleware(req, res, (error?: unknown) => void res.writeHead(error === undefined ? 200 : 500).end())
  })
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    https.close()
    https.closeAllConnections()
  })
  const { port } = https.address() as AddressInfo
  return (token: string, certificate?: Certificate) =>
    new Promise<number>((resolve, reject) => {
      const credentials =
        certificate === undefined
          ? {}
          : { cert: certificate.pem, key: certificate.key.export({ type: 'pkcs8', format: 'pem' }) }
      const headers = { authorization: `Bearer ${token}` }
      const sent = request(
        { host: '127.0.0.1', port, agent: false, rejectUnauthorized: false, headers, ...credentials },
        (res) => {
          res.resume().on('end', () => resolve(res.statusCode ?? 0))
        },
      )
      sent.on('error', reject)
      sent.end()
    })
}

test('MT01: the refusal of a bound token says nothing about the certificate', async () => {
  const { issuer, validator } = testApi({ mtls: { source: 'socket' } })
  const error = await refusalOf(
    validator.validate(`Bearer ${issuer.accessToken(bound)}`, { certificateThumbprint: other.thumbprint }),
  )
  expect(error.headers['WWW-Authenticate']).toBe(
    'Bearer error="invalid_token", error_description="the access token is not valid here"',
  )
})
