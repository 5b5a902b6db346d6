import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createClientCredentials } from '../../lib/client/client-credentials.js'
import { parseClientCredentialsOptions } from '../../lib/options/client/schema.js'
import { Clock } from '../kit/clock.js'
import { failureOf } from '../kit/failure.js'
import { listen } from '../kit/listen.js'
import { startMutualTls } from '../kit/provider/mutual-tls.js'
import { type Certificate, selfSigned } from '../kit/resource-server/certificate.js'
import { FakeStore } from '../kit/stores/memory.js'
import { settled } from '../kit/until.js'

const old = selfSigned('old', { years: [2020, 2049] })
const next = selfSigned('next', { years: [2020, 2049] })
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A provider whose tokens name the certificate that they are bound to, and an API that checks that. */
async function machine(more: Record<string, unknown> = {}) {
  let issued = 0
  const server = await startMutualTls([old, next], (req, res) => {
    const { thumbprint } = server.requests.at(-1) ?? {}
    if (req.url === '/token') {
      res.setHeader('content-type', 'application/json')
      const token = { access_token: `${++issued}.${thumbprint}`, token_type: 'Bearer', expires_in: 600 }
      res.end(JSON.stringify(token))
    } else res.writeHead(req.headers.authorization?.endsWith(`.${thumbprint}`) === true ? 200 : 401).end()
  })
  const clock = new Clock()
  const state = { certificate: old }
  const tls = () => {
    const { pem: cert, keyPem: key }: Certificate = state.certificate
    return { cert, key, ca: server.ca }
  }
  const given = {
    issuer: server.origin,
    discoveryUrl: false,
    metadata: { token_endpoint: `${server.origin}/token` },
    clientId: 'machine',
    clientAuthentication: 'tls_client_auth',
    ...{ tls, ...more },
  }
  const source = createClientCredentials(parseClientCredentialsOptions(given), clock)
  ends.push(() => source.close(), server.close)
  const names = () =>
    server.requests.map(({ name, thumbprint }) => `${name} ${thumbprint === old.thumbprint ? 'old' : 'next'}`)
  return { server, clock, state, source, names, api: `${server.origin}/orders` }
}

describe('clientCredentials() with a certificate that its tokens are bound to', () => {
  test('presents the certificate to the API as well', async () => {
    const { source, api, names } = await machine()
    expect((await source.fetch(api)).status).toBe(200)
    expect(names()).toEqual(['POST /token old', 'GET /orders old'])
  })

  test('gets another token where the certificate was replaced, and no call fails', async () => {
    const { source, api, names, state, clock } = await machine()
    await source.fetch(api)
    state.certificate = next
    clock.advance(60)
    for (let calls = 0; calls < 2; calls += 1) {
      expect((await source.fetch(api)).status).toBe(200)
      await settled()
    }
    // The first call finds out: the token of before is refused once, and replaced.
    const calls = ['GET /orders next', 'POST /token next', 'GET /orders next', 'GET /orders next']
    expect(names().slice(2)).toEqual(calls)
  })

  test('forgets tokens that are bound to the certificate of before', async () => {
    const { source, state, clock } = await machine()
    expect(await source.getToken()).toBe(`1.${old.thumbprint}`)
    expect(await source.exchange({ subjectToken: 'alice' })).toBe(`2.${old.thumbprint}`)
    state.certificate = next
    clock.advance(60)
    await source.getToken()
    await settled()
    expect(await source.getToken()).toBe(`3.${next.thumbprint}`)
    expect(await source.exchange({ subjectToken: 'alice' })).toBe(`4.${next.thumbprint}`)
  })

  test('finds no token in the shared store that is bound to the certificate of before', async () => {
    const sharedStore = new FakeStore(new Clock())
    const secret = 'a secret for tests only, 32 characters at least'
    const { source, state, clock } = await machine({ sharedStore, secret })
    expect(await source.getToken()).toBe(`1.${old.thumbprint}`)
    await settled()
    state.certificate = next
    clock.advance(60)
    await source.getToken()
    await settled()
    expect(await source.getToken()).toBe(`2.${next.thumbprint}`)
  })

  test('MT07: presents it to nobody else: a redirect to another origin is followed without it, and without the token', async () => {
    const seen: unknown[] = []
    const plain = await listen(createServer((req, res) => void res.end(String(seen.push(req.headers.authorization)))))
    ends.push(plain.close)
    const { source, api, server } = await machine()
    await source.getToken()
    server.listener = (_req, res) => res.writeHead(302, { location: plain.origin }).end()
    expect((await source.fetch(api)).status).toBe(200)
    expect(seen).toEqual([undefined])
  })

  test('is down with 503 where the function in "tls" fails', async () => {
    const { source, names } = await machine({ tls: () => Promise.reject(new Error('vault')) })
    expect(await failureOf(source.getToken())).toMatchObject({
      ...{ code: 'provider_unavailable', status: 503 },
      message: 'the function in "tls" failed',
    })
    expect(names()).toEqual([])
  })

  test('ends its connections to APIs with close()', async () => {
    const { source, api, server } = await machine()
    const closed = new Promise((resolve) => {
      const before = server.listener
      server.listener = (req, res) => {
        if (req.url === '/orders') void once(req.socket, 'close').then(resolve)
        before(req, res)
      }
    })
    await (await source.fetch(api)).text()
    await settled()
    source.close()
    await closed
  })
})
