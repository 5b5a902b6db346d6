import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer, type Server } from 'node:http'
import { bearer } from '../../../lib/index.js'
import { createBearer } from '../../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { testApi } from '../../kit/resource-server/api.js'
import { active, introspectingApi } from '../../kit/resource-server/introspecting.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'
import { proofClient } from '../../kit/resource-server/proof.js'

const groups = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `group-${String(index).padStart(4, '0')}-of-the-department-of-orders`)

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

async function listen(server: Server): Promise<string> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''
}

describe('a token of more than 16 KB', () => {
  test.each([300, 600, 900])('is accepted where the server lets its header through: %d groups', async (count) => {
    const issuer = apiProvider()
    const api = createBearer(parseBearerOptions({ issuer: issuer.issuer, audience, fetch: issuer.fetch }), issuer.clock)
    const server = createServer({ maxHeaderSize: 131_072 }, (req, res) => api(req, res, () => res.end('in')))
    const url = await listen(server)
    const token = issuer.accessToken({ groups: groups(count) })
    expect(token.length).toBeGreaterThan(16_384)
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}`, connection: 'close' } })
      expect([answer.status, await answer.text()]).toEqual([200, 'in'])
    }
    const forged = `${token.slice(0, -8)}AAAAAAAA`
    const refused = await fetch(url, { headers: { authorization: `Bearer ${forged}`, connection: 'close' } })
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('invalid_token')])
  })

  test('meets the server’s own limit where that was not raised', async () => {
    const issuer = apiProvider()
    const api = bearer({ issuer: issuer.issuer, audience, fetch: issuer.fetch })
    const url = await listen(createServer((req, res) => api(req, res, () => res.end('in'))))
    const authorization = `Bearer ${issuer.accessToken({ groups: groups(300) })}`
    expect((await fetch(url, { headers: { authorization, connection: 'close' } })).status).toBe(431)
  })

  test('is accepted without HTTP, and introspected where tokens are opaque', async () => {
    const { issuer, accept } = testApi()
    await expect(accept(issuer.accessToken({ groups: groups(600) }))).resolves.toMatchObject({ subject: 'alice' })
    const opaque = introspectingApi()
    opaque.answer = active(opaque.issuer)
    await expect(opaque.accept('a'.repeat(20_000))).resolves.toMatchObject({ subject: 'alice' })
  })
})

describe('the method that a DPoP proof names', () => {
  const issuer = apiProvider()
  const client = proofClient(issuer)
  const dpop = {
    issuer: issuer.issuer,
    audience,
    fetch: issuer.fetch,
    dpop: 'required',
    baseUrl: 'https://api.example.com',
  }

  /** An API behind a middleware that replaces the method, and writes this down. */
  async function start(originalMethod: (method: string | undefined) => unknown) {
    const api = createBearer(parseBearerOptions(dpop), issuer.clock)
    const server = createServer((req, res) => {
      Object.assign(req, { originalMethod: originalMethod(req.method), method: 'DELETE' })
      api(req, res, () => res.end(req.method))
    })
    const url = await listen(server)
    return async (htm: string) => {
      const token = client.token()
      const proof = client.proof(token, { claims: { htm, htu: 'https://api.example.com/orders/7' } })
      const headers = { authorization: `DPoP ${token}`, dpop: proof, connection: 'close' }
      const answer = await fetch(`${url}/orders/7`, { method: 'POST', headers })
      return answer.status === 200 ? answer.text() : answer.status
    }
  }

  test('DP08: is the one that was sent, where method-override has put another in its place', async () => {
    const send = await start((method) => method)
    expect(await send('POST')).toBe('DELETE')
    expect(await send('DELETE')).toBe(401)
  })

  test.each([undefined, null, 5, {}])('DP08: is that of the request where originalMethod is %p', async (odd) => {
    const send = await start(() => odd)
    expect([await send('DELETE'), await send('POST')]).toEqual(['DELETE', 401])
  })
})

describe('the URL that a DPoP proof names', () => {
  const issuer = apiProvider()
  const client = proofClient(issuer)
  const start = async (options: Record<string, unknown>) => {
    const base = { issuer: issuer.issuer, audience, fetch: issuer.fetch, dpop: 'required', ...options }
    const api = createBearer(parseBearerOptions(base), issuer.clock)
    return listen(createServer((req, res) => api(req, res, () => res.end('in'))))
  }
  const call = async (url: string, htu: string, headers = {}) => {
    const token = client.token()
    const dpop = client.proof(token, { claims: { htu } })
    const answer = await fetch(url, {
      headers: { authorization: `DPoP ${token}`, dpop, connection: 'close', ...headers },
    })
    return answer.status
  }

  test.each([
    ['has taken the path of baseUrl off', '/v1/orders', 'https://api.example.com/svc/v1/orders', 200],
    ['has left it', '/svc/v1/orders', 'https://api.example.com/svc/v1/orders', 200],
    ['has taken it off, of the path itself', '/', 'https://api.example.com/svc/', 200],
    ['has taken it off a path that begins with it once more', '/svc/7', 'https://api.example.com/svc/svc/7', 200],
    ['has taken it off, where it is all that is left', '/svc', 'https://api.example.com/svc/svc', 200],
    ['is of another path', '/v1/orders', 'https://api.example.com/v1/orders', 401],
    ['is of a path that begins alike', '/svc2/orders', 'https://api.example.com/svc2/orders', 401],
  ])('is the public one where a proxy %s', async (_what, path, htu, status) => {
    expect(await call(`${await start({ baseUrl: 'https://api.example.com/svc' })}${path}?x=1`, htu)).toBe(status)
  })

  test('belongs to one of several public hosts, whichever Host names', async () => {
    const url = await start({ baseUrls: ['https://a.example.com', 'https://b.example.com/api'] })
    expect(await call(`${url}/orders`, 'https://a.example.com/orders')).toBe(200)
    expect(await call(`${url}/orders`, 'https://b.example.com/api/orders')).toBe(200)
    expect(await call(`${url}/orders`, 'https://b.example.com/orders')).toBe(401)
    expect(await call(`${url}/orders`, 'https://evil.example/orders', { 'x-forwarded-host': 'evil.example' })).toBe(401)
  })

  test('needs either baseUrl or baseUrls', () => {
    const options = { issuer: issuer.issuer, audience, dpop: 'required' as const }
    expect(() => bearer(options)).toThrow(/"baseUrl" is missing/)
    expect(() => bearer({ ...options, baseUrl: 'https://a.example', baseUrls: ['https://b.example'] })).toThrow(
      /at most one/,
    )
    expect(() => bearer({ ...options, baseUrls: [] })).toThrow(/"baseUrls" must name at least one/)
  })
})
