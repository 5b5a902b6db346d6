import { afterAll } from '@jest/globals'
import type { EventEmitter } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { createClient } from 'redis'
import type { NodeRedisClient, RedisClient } from '../../../lib/redis/index.js'

const drops = new Set<() => void>()

// A client that a failed test has left would look for its server until the process is killed.
afterAll(() => {
  for (const drop of drops) drop()
})

/** A client of a server, connected; quiet about lost connections, which tests bring about. */
export async function connected(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } })
  client.on('error', () => undefined)
  drops.add(() => void (client.isOpen && client.destroy()))
  await client.connect()
  return client
}

/** A client of a package that `redisStore()` accepts, and how that package closes it. */
export interface OpenClient {
  readonly client: RedisClient & Pick<EventEmitter, 'once'>
  /** Closes it as an application does that ends. */
  close(): Promise<unknown>
  /** Drops its connection. */
  destroy(): void
}

/** A package with a client of Redis. */
export interface ClientPackage {
  readonly name: string
  open(url: string): Promise<OpenClient>
}

/** Options of a store that is answered, however long a busy machine takes for it. */
export const patient = { timeoutSeconds: 30 } as const

/** All kinds of clients that `redisStore()` accepts. */
export const clientPackages: readonly ClientPackage[] = [
  {
    name: 'redis',
    async open(url) {
      const client = await connected(url)
      return { client, close: () => client.close(), destroy: () => void (client.isOpen && client.destroy()) }
    },
  },
  { name: 'ioredis', open: (url) => openIoredis(new Redis(url, quick)) },
  { name: 'ioredis 5', open: (url) => openIoredis(new Redis5(url, quick)) },
]

/** A closed client of ioredis keeps a timer of `disconnectTimeout`. */
const quick = { retryStrategy: () => 20, disconnectTimeout: 20 }

async function openIoredis(client: Redis | Redis5): Promise<OpenClient> {
  client.on('error', () => undefined)
  drops.add(() => client.disconnect())
  await new Promise((resolve) => client.once('ready', resolve))
  const ended = new Promise((resolve) => client.once('end', resolve))
  return { client, close: () => client.quit().then(() => ended), destroy: () => client.disconnect() }
}

/** A client whose server answers every command with the same line of the Redis protocol, such as `-LOADING …`. */
export interface ScriptedRedis {
  readonly client: NodeRedisClient
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
