import { afterEach, describe, test } from '@jest/globals'
import { type Proxied, type ProxiedOptions, startProxied } from '../kit/api/proxied.js'
import { until } from '../kit/until.js'
import { rawConnection } from '../kit/world/steps.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

/** Starts it, with a connection on which a test sends requests at once. */
async function start(options: ProxiedOptions) {
  const proxied: Proxied = await startProxied(options)
  const { socket } = rawConnection(proxied.world.url(''))
  cleanUp.push(
    () => proxied.close(),
    () => socket.destroy(),
  )
  return { ...proxied, socket }
}

describe('a client that sends requests before the responses to earlier ones', () => {
  test('ends all of them at the API when it goes away', async () => {
    let closed = 0
    const { api, head, socket } = await start({ answer: (_req, res) => void res.once('close', () => (closed += 1)) })
    socket.write(head('GET /api/slow HTTP/1.1').repeat(2))
    await until(() => api.calls.length === 2)
    socket.destroy()
    await until(() => closed === 2)
  })

  test('gets no stream that outlives the session', async () => {
    const seen = { piped: 0, closed: 0 }
    const { head, socket, world } = await start({
      answer: async (_req, res, { body }) => {
        await body
        res.once('close', () => (seen.closed += 1))
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
      },
      world: {
        layers: [{ mount: '/api', handlers: [(_req, res, go) => (res.once('pipe', () => (seen.piped += 1)), go())] }],
      },
    })
    socket.write(`${head('POST /api/x HTTP/1.1', ['Content-Length: 2'])}ab`.repeat(2))
    await until(() => seen.piped === 2)
    await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    await until(() => seen.closed === 2)
  })
})
