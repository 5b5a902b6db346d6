import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer, type Server } from 'node:http'
import { bearer } from '../../../lib/index.js'
import { createBearer } from '../../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { testApi } from '../../kit/resource-server/api.js'
import { active, introspectingApi } from '../../kit/resource-server/introspecting.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'

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
  test.each([300, 600, 900])('is taken where the server lets its header through: %d groups', async (count) => {
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

  test('is taken without HTTP, and looked up where tokens are opaque', async () => {
    const { issuer, accept } = testApi()
    await expect(accept(issuer.accessToken({ groups: groups(600) }))).resolves.toMatchObject({ subject: 'alice' })
    const opaque = introspectingApi()
    opaque.answer = active(opaque.issuer)
    await expect(opaque.accept('a'.repeat(20_000))).resolves.toMatchObject({ subject: 'alice' })
  })
})
