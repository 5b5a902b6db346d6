import { createServer } from 'node:tls'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { ApiTlsConfiguration } from '../../../lib/options/common/tls.js'
import { tlsFailure } from '../../../lib/provider/tls/failure.js'
import { fixedTls } from '../../../lib/provider/tls/tls-source.js'
import { createHttpClient } from '../../../lib/provider/transport/http-client.js'
import { failureOf } from '../../kit/failure.js'
import { startMutualTls } from '../../kit/provider/mutual-tls.js'
import { type Certificate, revocationList, selfSigned } from '../../kit/resource-server/certificate.js'

const year = new Date().getUTCFullYear()
const authority = { name: 'Example Root', ...selfSigned('Example Root', { isAuthority: true }) }
const client = selfSigned('client', { authority, serial: 7 })
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A server behind TLS, and the failure of a request to it. */
async function failureAt(
  server: NonNullable<Parameters<typeof startMutualTls>[2]>,
  tls: ApiTlsConfiguration,
): Promise<{ readonly code: string; readonly status: number; readonly message: string; readonly cause: Error }> {
  const { origin, close } = await startMutualTls([authority], (_req, res) => res.end('x'), server)
  ends.push(close)
  const httpClient = createHttpClient({
    tls: fixedTls(tls),
    fetch: undefined,
    httpTimeoutSeconds: 5,
    dangerouslyAllowHttp: false,
  })
  ends.push(() => httpClient.close())
  return failureOf(httpClient.request(`${origin}/token`, { method: 'POST', body: 'a=b' }))
}

const presenting = ({ pem: cert, keyPem: key }: Certificate, more: ApiTlsConfiguration = {}) => ({
  ...{ cert, key, ca: [authority.pem] },
  ...more,
})

describe('MT05: a provider that cannot be reached by TLS is an outage, and the message says why', () => {
  const old = { authority, years: [year - 3, year - 1] } as const
  const coming = { authority, years: [year + 1, year + 2] } as const

  test.each<[string, Certificate, ApiTlsConfiguration, string]>([
    ['its certificate has expired', selfSigned('localhost', old), {}, 'its certificate, or that of an authority'],
    ['its certificate is not valid yet', selfSigned('localhost', coming), {}, 'is not valid yet'],
    ['its certificate is for another host', selfSigned('id.example.com', { authority }), {}, 'is for another host'],
    ['nobody knows its authority', selfSigned('localhost'), {}, 'from an authority that is not trusted here'],
    [
      'its certificate has been revoked',
      selfSigned('localhost', { authority, serial: 5 }),
      { crl: [revocationList(authority, [5])] },
      'has been revoked',
    ],
    [
      'the revocation list is out of date',
      selfSigned('localhost', { authority, serial: 6 }),
      { crl: [revocationList(authority, [5], [year - 3, year - 1])] },
      'needs a current one of each authority',
    ],
  ])('%s', async (_why, own, more, message) => {
    const error = await failureAt({ own }, presenting(client, more))
    expect(error).toMatchObject({ code: 'provider_unreachable', status: 503 })
    expect(error.message).toMatch(/^the provider could not be reached at https:\/\/localhost:\d+ \(/)
    expect(error.message).toContain(message)
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('it wants a certificate of the client, by %s', async (version) => {
    const server = { own: selfSigned('localhost', { authority }), minVersion: version, maxVersion: version }
    const error = await failureAt(server, { ca: [authority.pem] })
    expect(error).toMatchObject({ code: 'provider_unreachable', status: 503 })
    expect(error.message).toMatch(
      /it requires a certificate of this client|refuses the certificate of this client, or requires one/,
    )
  })

  test.each<[string, Certificate, { readonly crl?: string }]>([
    ['is of an authority that the server does not know', selfSigned('client'), {}],
    ['has expired', selfSigned('client', old), {}],
    ['has been revoked', client, { crl: revocationList(authority, [7]) }],
  ])('the certificate of the client %s', async (_why, certificate, server) => {
    const error = await failureAt({ own: selfSigned('localhost', { authority }), ...server }, presenting(certificate))
    expect(error).toMatchObject({ code: 'provider_unreachable', status: 503 })
    expect(error.message).toContain(
      'it closed the connection, as some servers do when they refuse the certificate of a client',
    )
  })

  test('it hangs up on a client that has no certificate, which says nothing', async () => {
    const deaf: Server = createServer().on('connection', (socket) => socket.destroy())
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
    ends.push(() => deaf.close())
    const { port } = deaf.address() as AddressInfo
    const httpClient = createHttpClient({ fetch: undefined, httpTimeoutSeconds: 5, dangerouslyAllowHttp: false })
    ends.push(() => httpClient.close())
    const { message } = await failureOf(httpClient.request(`https://localhost:${port}/`))
    expect(message).toBe(`the provider could not be reached at https://localhost:${port}`)
  })
})

test('a server that is not revoked is reached, where a revocation list of its authority is given', async () => {
  const own = selfSigned('localhost', { authority, serial: 6 })
  const server = await startMutualTls([authority], (_req, res) => res.end('x'), { own })
  ends.push(server.close)
  const tls = fixedTls(presenting(client, { crl: [revocationList(authority, [5])] }))
  const httpClient = createHttpClient({ tls, fetch: undefined, httpTimeoutSeconds: 5, dangerouslyAllowHttp: false })
  ends.push(() => httpClient.close())
  expect((await httpClient.request(`${server.origin}/token`)).text).toBe('x')
})

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code })

test.each([
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'it requires a certificate of this client'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'it refuses the certificate of this client'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', 'it refuses the certificate of this client'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'it refuses the certificate of this client'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'it refuses the certificate of this client'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS'],
])('an alert of the server is understood: %s', (code, reason) => {
  expect(tlsFailure(new TypeError('fetch failed', { cause: coded(code) }), true)).toContain(reason)
})

test('an alert of TLS 1.2 is understood by its text, and plain http by the lack of one', () => {
  const alert = 'write EPROTO 00E8:error:0A000415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired'
  expect(tlsFailure(coded('EPROTO', alert), true)).toContain('it refuses the certificate of this client')
  expect(tlsFailure(coded('EPROTO', 'write EPROTO 00E8:wrong version number'), true)).toContain('it does not speak TLS')
})

test('what is not a failure of TLS has no such reason', () => {
  for (const error of [coded('ECONNREFUSED'), new Error('x'), 'x', undefined]) {
    expect(tlsFailure(error, true)).toBeUndefined()
  }
  expect(tlsFailure(coded('ECONNRESET'), false)).toBeUndefined()
})
