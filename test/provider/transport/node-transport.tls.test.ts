import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createHttpClient } from '../../../lib/provider/transport/http-client.js'
import type { TlsConfiguration } from '../../../lib/options/common/tls.js'
import { fixedTls } from '../../../lib/provider/tls/tls-source.js'
import { failureOf } from '../../kit/failure.js'
import { listen } from '../../kit/listen.js'
import { startMutualTls } from '../../kit/provider/mutual-tls.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'

const client = selfSigned('client')
const stranger = selfSigned('stranger')
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

function clientWith(tls: TlsConfiguration, httpTimeoutSeconds = 5) {
  const httpClient = createHttpClient({
    tls: fixedTls(tls),
    fetch: undefined,
    httpTimeoutSeconds,
    dangerouslyAllowHttp: false,
  })
  ends.push(() => httpClient.close())
  return httpClient
}

async function talkingTo(listener: RequestListener, { httpTimeoutSeconds = 5, certificate = client } = {}) {
  const server = await startMutualTls([client], listener)
  ends.push(() => server.close())
  const { pem: cert, keyPem: key } = certificate
  return {
    server,
    httpClient: clientWith({ cert, key, ca: [server.ca] }, httpTimeoutSeconds),
    url: `${server.origin}/x`,
  }
}

describe('a connection with a client certificate', () => {
  test('presents it, and is kept for the next request', async () => {
    const ports = new Set<unknown>()
    const { httpClient, url, server } = await talkingTo((req, res) => {
      ports.add(req.socket.remotePort)
      res.end('x')
    })
    expect((await httpClient.request(url, { method: 'POST', body: new URLSearchParams({ a: 'b' }) })).text).toBe('x')
    await httpClient.request(url)
    expect(server.requests).toEqual(['POST /x', 'GET /x'].map((name) => ({ name, thumbprint: client.thumbprint })))
    expect(ports.size).toBe(1)
  })

  test('is an outage where the server does not know the certificate', async () => {
    const { httpClient, url, server } = await talkingTo((_req, res) => res.end('x'), { certificate: stranger })
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_unreachable', status: 503 })
    expect(server.requests).toEqual([])
  })

  test('is refused to a server whose own certificate nobody vouches for', async () => {
    const { url, server } = await talkingTo((_req, res) => res.end('x'))
    for (const ca of [{}, { ca: [stranger.pem] }]) {
      const httpClient = clientWith({ cert: client.pem, key: client.keyPem, ...ca })
      expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_unreachable', status: 503 })
    }
    expect(server.requests).toEqual([])
  })

  test('is refused to a server with the certificate of another host', async () => {
    const { httpClient, url, server } = await talkingTo((_req, res) => res.end('x'))
    const error = await failureOf(httpClient.request(url.replace('localhost', '127.0.0.1')))
    expect(error).toMatchObject({ code: 'provider_unreachable', cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
    expect(server.requests).toEqual([])
  })

  test('opens with the passphrase of its key', async () => {
    const { server, url } = await talkingTo((_req, res) => res.end('x'))
    const key = client.key
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
      .toString()
    const httpClient = clientWith({ cert: client.pem, key, passphrase: 'open sesame', ca: [server.ca] })
    expect((await httpClient.request(url)).status).toBe(200)
  })

  test.each([301, 302, 303, 307, 308])('does not follow a %p', async (status) => {
    const { httpClient, url, server } = await talkingTo((_req, res) => res.writeHead(status, { location: '/y' }).end())
    expect(await failureOf(httpClient.request(url))).toMatchObject({ code: 'provider_redirected', status: 502 })
    expect(server.requests).toHaveLength(1)
  })

  test('is given up after the deadline, answered or not', async () => {
    const silent = await talkingTo(() => undefined, { httpTimeoutSeconds: 0.3 })
    expect(await failureOf(silent.httpClient.request(silent.url))).toMatchObject({
      code: 'provider_timeout',
      status: 503,
    })
    const trickling = await talkingTo((_req, res) => void res.write('x'), { httpTimeoutSeconds: 0.3 })
    expect(await failureOf(trickling.httpClient.request(trickling.url))).toMatchObject({ code: 'provider_timeout' })
  })

  test('reads no more than the limit of bytes', async () => {
    const { httpClient, url } = await talkingTo((_req, res) => res.end('x'.repeat(101)))
    expect(await failureOf(httpClient.request(url, { maxBytes: 100 }))).toMatchObject({
      code: 'provider_response_too_large',
      status: 502,
    })
    expect((await httpClient.request(url, { maxBytes: 101 })).text).toHaveLength(101)
  })

  test('ends with close(), in the middle of an answer too', async () => {
    const { httpClient, url, server } = await talkingTo((_req, res) => res.end('x'))
    const begun = new Promise<void>((resolve) => {
      server.listener = (_req, res) => res.write('x', () => resolve())
    })
    const failure = failureOf(httpClient.request(url))
    await begun
    httpClient.close()
    expect(await failure).toMatchObject({ code: 'provider_unreachable', status: 503 })
  })

  test('is never one of plain http to another host', async () => {
    const { httpClient } = await talkingTo((_req, res) => res.end('x'))
    expect(await failureOf(httpClient.request('http://issuer.example/token'))).toMatchObject({
      code: 'invalid_options',
    })
  })

  test('takes nothing from requests to this machine over plain http', async () => {
    const plain = createServer((_req, res) => res.end('plain'))
    const { origin, close } = await listen(plain)
    ends.push(close)
    const { httpClient } = await talkingTo((_req, res) => res.end('x'))
    const connected = once(plain, 'connection')
    expect((await httpClient.request(origin)).text).toBe('plain')
    await connected
  })
})
