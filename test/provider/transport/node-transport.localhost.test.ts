import { afterEach, describe, expect, jest, test } from '@jest/globals'
import dns from 'node:dns'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { keepAliveTransport } from '../../../lib/provider/transport/node-transport.js'

let server: Server | undefined
afterEach(async () => {
  jest.restoreAllMocks()
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)))
})

async function listenAt(address: string): Promise<number> {
  const started = createServer((req, res) => res.end(`${req.headers.host} at ${req.socket.localAddress}`))
  server = started
  await new Promise<void>((resolve) => started.listen(0, address, resolve))
  return (started.address() as AddressInfo).port
}

async function ask(url: string): Promise<string> {
  const transport = keepAliveTransport()
  const answer = await transport.send(url, { method: 'GET', headers: {}, body: undefined }).answer
  const body = await answer.read(1_000)
  transport.close()
  return body.toString()
}

describe('requests to a name below localhost', () => {
  test.each([
    ['127.0.0.1', 'idp.localhost'],
    ['::1', 'idp.localhost'],
    ['127.0.0.1', 'a.b.localhost'],
  ])('go to the loopback address %s, as %s, and ask no DNS', async (address, name) => {
    const port = await listenAt(address)
    const lookup = jest.spyOn(dns, 'lookup').mockImplementation(() => {
      throw new Error('DNS was asked')
    })
    expect(await ask(`http://${name}:${port}/`)).toBe(`${name}:${port} at ${address}`)
    expect(lookup).not.toHaveBeenCalled()
  })

  test('fail as refused connections where nobody listens', async () => {
    const port = await listenAt('127.0.0.1')
    await new Promise((resolve) => server?.close(resolve))
    server = undefined
    await expect(ask(`http://idp.localhost:${port}/`)).rejects.toThrow(/ECONNREFUSED|AggregateError|^$/)
  })
})
