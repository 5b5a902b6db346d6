import { createClient } from 'redis'
import { freePort } from '../free-port.js'
import { type RedisServer, startRedis } from './server.js'

/** Several servers that work together. */
export interface RedisTopology {
  readonly servers: readonly RedisServer[]
  stop(): Promise<void>
}

const slots = 16_384

/** Three masters that share all slots. Clients begin at any of them. */
export async function startRedisCluster(path?: string): Promise<RedisTopology> {
  const servers = await Promise.all([0, 1, 2].map(() => startClusterNode(path)))
  const share = Math.ceil(slots / servers.length)
  await Promise.all(
    servers.map(({ url }, index) => {
      const last = Math.min(slots, (index + 1) * share) - 1
      return ask(url, ['CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last)])
    }),
  )
  const [first, ...others] = servers
  for (const { port, busPort } of others) {
    await ask(first?.url ?? '', ['CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort)])
  }
  for (const { url } of servers) await agreed(url, servers.length)
  return { servers, stop: () => stopAll(servers) }
}

/** A master, and a replica of it that takes no writes. */
export async function startRedisReplica(master: RedisServer, path?: string): Promise<RedisServer> {
  return startRedis({
    ...(path === undefined ? {} : { path }),
    settings: { replicaof: `127.0.0.1 ${master.port}` },
    readyLine: /(?:MASTER|PRIMARY) <-> REPLICA sync: Finished with success/,
  })
}

/** A master named `main`, and a sentinel that watches it: first in `servers` is the sentinel. */
export async function startRedisSentinel(path?: string): Promise<RedisTopology> {
  const own = path === undefined ? {} : { path }
  const master = await startRedis(own)
  const sentinel = await startRedis({
    ...own,
    isSentinel: true,
    settings: { 'sentinel monitor': `main 127.0.0.1 ${master.port} 1` },
  })
  return { servers: [sentinel, master], stop: () => stopAll([sentinel, master]) }
}

async function startClusterNode(path?: string): Promise<RedisServer & { readonly busPort: number }> {
  // The bus is elsewhere by default: 10,000 above the port, which may be no port at all.
  const busPort = await freePort()
  const settings = { 'cluster-enabled': 'yes', 'cluster-port': busPort, 'cluster-node-timeout': 2000 }
  return { ...(await startRedis({ ...(path === undefined ? {} : { path }), settings })), busPort }
}

/** Resolves once a node knows all the others and serves all slots. */
async function agreed(url: string, nodes: number): Promise<void> {
  const isAgreed = (info: string) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes}`)
  while (!isAgreed(String(await ask(url, ['CLUSTER', 'INFO'])))) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Sends one command on a connection of its own. */
export async function ask(url: string, command: readonly string[]): Promise<unknown> {
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await client.sendCommand(command)
  } finally {
    client.destroy()
  }
}

async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}
