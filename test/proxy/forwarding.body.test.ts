import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import { listen } from '../kit/listen.js'
import { type Proxied, type ProxiedOptions, startProxied } from '../kit/api/proxied.js'
import { until } from '../kit/until.js'
import { codeOf, rawConnection } from '../kit/world/steps.js'
import type { Handler } from '../hosts/layers.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function start(options: ProxiedOptions): Promise<Proxied> {
  const proxied = await startProxied(options)
  cleanUp.push(() => proxied.close())
  return proxied
}

describe('an upload that fails at the API', () => {
  test('leaves the request as it is, with its socket', async () => {
    const { origin, close } = await listen(createServer(() => undefined))
    cleanUp.push(close)
    const seen: unknown[] = []
    // What a log finds after the response: whether the request has its socket, and whether it counts as broken off.
    const log: Handler = (req, res, go) => {
      res.once('finish', () => seen.push(Reflect.get(req, 'socket') !== null, req.readableAborted))
      go()
    }
    const layers = [{ mount: '/api', handlers: [log] }]
    const { call } = await start({ origin, proxy: { timeoutSeconds: 0.1 }, world: { layers } })
    // More than the buffers of the system take.
    const answer = await call('/api/x', { method: 'POST', body: 'x'.repeat(32_000_000) })
    expect([answer.status, codeOf(answer)]).toEqual([504, 'upstream_timeout'])
    expect(seen).toEqual([true, false])
  })
})

describe('an upload that the API answers before its end', () => {
  test('is read to its end, and the connection serves the next request', async () => {
    const { head, world } = await start({
      answer: (req, res) => res.writeHead(req.method === 'POST' ? 413 : 200).end(),
    })
    const { socket, text } = rawConnection(world.url(''))
    cleanUp.push(() => socket.destroy())
    socket.write(head('POST /api/x HTTP/1.1', ['Content-Length: 2000000']) + 'x'.repeat(100_000))
    await until(() => text().includes('HTTP/1.1 413 '))
    socket.write('x'.repeat(1_900_000) + head('GET /api/x HTTP/1.1'))
    await until(() => text().includes('HTTP/1.1 200 '))
  })
})
