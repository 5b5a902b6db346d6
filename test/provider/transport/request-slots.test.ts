import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { createHttpClient } from '../../../lib/provider/transport/http-client.js'
import { RequestSlots } from '../../../lib/provider/transport/request-slots.js'
import { failureOf } from '../../kit/failure.js'

const crowd = 400
const connectionsOfCrowd = 128
const ends: (() => void)[] = []
afterEach(() => {
  jest.useRealTimers()
  for (const end of ends.splice(0)) end()
})

/** A provider that counts its connections, and an HTTP client without a `fetch` of the application. */
async function provider(listener: RequestListener) {
  let connections = 0
  const server = createServer(listener).on('connection', () => void (connections += 1))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const httpClient = createHttpClient({ fetch: undefined, httpTimeoutSeconds: 5, dangerouslyAllowHttp: false })
  ends.push(() => {
    httpClient.close()
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  return { login: () => httpClient.request(url, { isByAnyone: true }), connections: () => connections }
}

describe('a crowd that signs in at once', () => {
  test('shares a limited number of connections to the provider, and everybody is answered', async () => {
    const open: ServerResponse[] = []
    const { login, connections } = await provider((_req, res) => void open.push(res))
    const all = Array.from({ length: crowd }, login)
    for (let answered = 0; answered < crowd; answered += 1) {
      while (open.length === 0) await new Promise(setImmediate)
      open.shift()?.end('x')
    }
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set([200]))
    expect(connections()).toBe(connectionsOfCrowd)
  })

  test('waits for half of the deadline at most; who comes when the provider answers again is served', async () => {
    jest.useFakeTimers()
    const slots = new RequestSlots(5000)
    const answers: (() => void)[] = []
    const hang = (): Promise<void> => new Promise((resolve) => answers.push(resolve))
    const hung = Array.from({ length: connectionsOfCrowd }, () => slots.run(true, hang))
    const refused = failureOf(slots.run(true, hang))
    await jest.advanceTimersByTimeAsync(2500)
    expect(await refused).toMatchObject({
      code: 'outbound_limit_reached',
      status: 503,
      headers: { 'Retry-After': '1' },
    })
    expect(answers).toHaveLength(connectionsOfCrowd)
    for (const answer of answers) answer()
    await Promise.all(hung)
    expect(await slots.run(true, async () => 'served')).toBe('served')
  })
})
