import { createServer, type AddressInfo } from 'node:net'
import { createClient } from 'redis'
import type { RedisClient } from '../../../lib/redis/index.js'

/** A client of a server, connected; quiet about lost connections, which tests bring about. */
export async function connected(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** A client whose server answers every command with the same line of the Redis protocol, such as `-LOADING …`. */
export interface ScriptedRedis {
  readonly client: RedisClient
  /** What arrived, as it arrived. */
  readonly received: readonly string[]
  stop(): Promise<void>
}

/** Starts a server that is honest about nothing. */
export async function scriptedRedis(line: string): Promise<ScriptedRedis> {
  const received: string[] = []
  const server = createServer((socket) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      received.push(text)
      // Every command begins with the number of its arguments.
      socket.write(`${line}\r\n`.repeat(text.match(/^\*\d+\r$/gm)?.length ?? 0))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = createClient({
    url: `redis://127.0.0.1:${port}`,
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  })
  client.on('error', () => undefined)
  await client.connect()
  return {
    client,
    received,
    async stop() {
      client.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
