import { afterEach, describe, expect, test } from '@jest/globals'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type BearerMiddleware, createBearer } from '../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../lib/options/bearer/schema.js'
import { Browser } from '../hosts/client.js'
import { type Host, hosts, type RunningHost } from '../hosts/hosts.js'
import type { Layer } from '../hosts/layers.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { proofClient } from '../kit/resource-server/proof.js'

const running: RunningHost[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.close()))
})

const origin = 'https://api.example.com'
const reached = (_req: IncomingMessage, res: ServerResponse): unknown => res.end('reached')

/** A replay cache that processes could share. */
function sharedCache() {
  const keys = new Set<string>()
  return { keys, add: async (key: string) => !keys.has(key) && keys.add(key).size > 0 }
}

/** APIs of one provider on a host, and a client that sends proofs. */
async function start(host: Host, build: (api: (dpop?: unknown) => BearerMiddleware) => readonly Layer[]) {
  const issuer = apiProvider()
  const client = proofClient(issuer)
  const api = (dpop: unknown = 'required') => {
    const options = { issuer: issuer.issuer, audience, fetch: issuer.fetch, baseUrl: origin, dpop }
    return createBearer(parseBearerOptions(options), issuer.clock)
  }
  const app = await host.start(() => build(api))
  running.push(app)
  const browser = new Browser()
  const credentials = (path: string, claims: Record<string, unknown> = {}) => {
    const token = client.token()
    const dpop = client.proof(token, { claims: { htu: origin + path, ...claims } })
    return { authorization: `DPoP ${token}`, dpop }
  }
  const send = (path: string, headers: Record<string, string> = credentials(path)) =>
    browser.fetch(app.url + path, { headers })
  return { issuer, credentials, send }
}

describe.each(hosts)('the DPoP proof of one request on $name', (host) => {
  test('counts once for two bearer() with one replay cache, and not again for another request', async () => {
    const replayCache = sharedCache()
    const dpop = { mode: 'required', replayCache }
    const { credentials, send } = await start(host, (api) => [
      { mount: '/api', handlers: [api(dpop)] },
      { mount: '/api/admin', handlers: [api(dpop)] },
      reached,
    ])
    const own = credentials('/api/admin/x')
    expect((await send('/api/admin/x', own)).text).toBe('reached')
    expect(replayCache.keys.size).toBe(1)
    expect((await send('/api/admin/x', own)).json()).toMatchObject({ code: 'invalid_dpop_proof' })
    expect((await send('/api/admin/x')).text).toBe('reached')
  })

  test('counts once for a bearer() that sees it twice, and for authenticate() behind it', async () => {
    let bearer: BearerMiddleware | undefined
    const { credentials, send } = await start(host, (api) => {
      bearer = api()
      const again = async (req: IncomingMessage, res: ServerResponse) => {
        // At the same moment, too.
        const found = await Promise.all([bearer?.authenticate(req), bearer?.authenticate(req)])
        res.end(found.map((one) => one?.principal.subject).join(' '))
      }
      return [{ mount: '/api', handlers: [bearer, bearer, again] }]
    })
    const own = credentials('/api/x')
    expect((await send('/api/x', own)).text).toBe('alice alice')
    expect((await send('/api/x', own)).json()).toMatchObject({ code: 'invalid_dpop_proof' })
  })
})

test.each(hosts)('DP11: one nonce is for all bearer() of a process that make their own, on $name', async (host) => {
  const dpop = { mode: 'required', nonce: true }
  const { credentials, send } = await start(host, (api) => [
    { mount: '/api', handlers: [api(dpop)] },
    { mount: '/api/admin', handlers: [api(dpop)] },
    { mount: '/other', handlers: [api(dpop)] },
    reached,
  ])
  const first = await send('/api/admin/x')
  expect(first.json()).toMatchObject({ code: 'use_dpop_nonce' })
  const nonce = first.headers['dpop-nonce']
  for (const path of ['/api/admin/x', '/other/x', '/api/x'])
    expect((await send(path, credentials(path, { nonce }))).text).toBe('reached')
})

describe('the DPoP proof of one request', () => {
  const [host] = hosts as readonly [Host]

  test('DP15: that was used for another request is refused by each cache that has seen it', async () => {
    const stricter = sharedCache()
    const { credentials, send } = await start(host, (api) => [
      { mount: '/api', handlers: [api()] },
      { mount: '/api/admin', handlers: [api({ mode: 'required', replayCache: stricter })] },
      reached,
    ])
    const own = credentials('/api/admin/x')
    expect((await send('/api/admin/x', own)).text).toBe('reached')
    expect(stricter.keys.size).toBe(1)
    // Another process has seen this one, whose memory the first bearer() does not have.
    const used = credentials('/api/admin/x', { jti: 'used-elsewhere' })
    const { add } = stricter
    stricter.add = async () => false
    expect((await send('/api/admin/x', used)).json()).toMatchObject({ code: 'invalid_dpop_proof' })
    stricter.add = add
  })
})
