import cookieSession from 'cookie-session'
import { RedisStore } from 'connect-redis'
import expressSession from 'express-session'
import type { OidcOptions } from '../../../lib/index.js'
import { redisStore } from '../../../lib/redis/index.js'
import { type Host, hosts } from '../../hosts/hosts.js'
import type { Handler, Layer } from '../../hosts/layers.js'
import { connected } from '../redis/clients.js'
import { type RedisServer, startRedis } from '../redis/server.js'
import type { WorldOptions } from '../world/world.js'

/** One place where sessions can be kept, ready for an application. */
export interface Place {
  readonly oidc: Partial<OidcOptions>
  readonly before: readonly Layer[]
  /** All that lies there, as one text; empty where nothing does. */
  dump(): Promise<string>
  close(): Promise<void>
  /** Where it is Redis. */
  readonly redis?: RedisPlace
}

/** One way to keep sessions. */
export interface StorageKind {
  readonly name: string
  readonly host: Host
  /** Whether the application has a session of its own, which holds the login. */
  readonly isRequest: boolean
  /**
   * @param program - the redis-server to use
   * @param timeoutSeconds - how long stores may take: long, unless a test wants them to be too slow
   */
  open(program: string, timeoutSeconds?: number): Promise<Place>
}

const [express5, express4, connect] = hosts as readonly [Host, Host, Host, Host]

const patience = 10

/** Redis with a client, as applications set it up. */
export async function openRedis(program: string): Promise<RedisPlace> {
  const server = await startRedis({ path: program })
  const client = await connected(server.url)
  return {
    server,
    client,
    async dump() {
      const keys = await client.keys('*')
      const values = await Promise.all(keys.map(async (key) => `${key} ${await client.get(key)}`))
      return values.join('\n')
    },
    async close() {
      client.destroy()
      await server.stop()
    },
  }
}

/** A server and its client. */
export interface RedisPlace {
  readonly server: RedisServer
  readonly client: Awaited<ReturnType<typeof connected>>
  dump(): Promise<string>
  close(): Promise<void>
}

const nothing: Omit<Place, 'oidc'> = {
  before: [],
  dump: async () => '',
  close: async () => undefined,
}

/** Every way, on real packages and a real Redis. */
export const storageKinds: readonly StorageKind[] = [
  kind('a sealed cookie', { open: async () => ({ ...nothing, oidc: {} }) }),
  kind('a sealed cookie, and Redis for logouts', {
    open: (program, timeoutSeconds = patience) =>
      withRedis(program, ({ client }) => ({ sharedStore: redisStore(client, { timeoutSeconds }) })),
  }),
  kind('a store of express-session in memory', {
    async open() {
      const store = new expressSession.MemoryStore()
      return { ...nothing, oidc: { session: { store } }, dump: async () => JSON.stringify(await all(store)) }
    },
  }),
  kind('connect-redis', {
    open: (program, timeoutSeconds = patience) =>
      withRedis(program, ({ client }) => ({
        session: { store: new RedisStore({ client }), storeTimeoutSeconds: timeoutSeconds },
      })),
  }),
  kind('redisStore', {
    open: (program, timeoutSeconds = patience) =>
      withRedis(program, ({ client }) => ({ session: { store: redisStore(client, { timeoutSeconds }) } })),
  }),
  request('express-session on Express 5', express5, expressSessions),
  request('express-session on Express 4', express4, expressSessions),
  kind('express-session over connect-redis', {
    isRequest: true,
    open: (program, timeoutSeconds = patience) =>
      withRedis(
        program,
        () => ({ session: { use: 'request', storeTimeoutSeconds: timeoutSeconds } }),
        ({ client }) => [expressSessionLayer(new RedisStore({ client }))],
      ),
  }),
  request('cookie-session on Express 5', express5, cookieSessions),
  request('cookie-session on Connect', connect, cookieSessions),
]

/** The kind of a name. */
export function storageKind(name: string): StorageKind {
  const found = storageKinds.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no such kind of storage: ${name}`)
  return found
}

function kind(name: string, parts: Pick<StorageKind, 'open'> & Partial<StorageKind>): StorageKind {
  return { name, host: express5, isRequest: false, ...parts }
}

function request(name: string, host: Host, sessions: () => Pick<Place, 'before' | 'dump'>): StorageKind {
  const open = async (): Promise<Place> => ({ ...nothing, oidc: { session: { use: 'request' } }, ...sessions() })
  return { name, host, isRequest: true, open }
}

async function withRedis(
  program: string,
  oidc: (redis: RedisPlace) => Partial<OidcOptions>,
  before: (redis: RedisPlace) => readonly Layer[] = () => [],
): Promise<Place> {
  const redis = await openRedis(program)
  return { before: before(redis), oidc: oidc(redis), dump: redis.dump, close: redis.close, redis }
}

const appSecret = 'a secret of the application’s own session'

/** express-session over a store, as applications mount it. */
export function expressSessionLayer(store: expressSession.Store): Handler {
  const options = { store, secret: appSecret, resave: false, saveUninitialized: false }
  return expressSession(options) as unknown as Handler
}

/** cookie-session, as applications mount it. */
export function cookieSessionLayer(): Handler {
  return cookieSession({ name: 'app', keys: [appSecret] }) as unknown as Handler
}

function expressSessions(): Pick<Place, 'before' | 'dump'> {
  const store = new expressSession.MemoryStore()
  return { before: [expressSessionLayer(store)], dump: async () => JSON.stringify(await all(store)) }
}

function cookieSessions(): Pick<Place, 'before' | 'dump'> {
  return { before: [cookieSessionLayer()], dump: nothing.dump }
}

function all(store: expressSession.MemoryStore): Promise<unknown> {
  return new Promise((resolve) => {
    store.all((_error, sessions) => resolve(sessions))
  })
}

/** What makes a world keep sessions in a place, with further options of `oidc()`. */
export function worldIn(
  { host }: StorageKind,
  place: Place,
  { oidc = {}, ...others }: WorldOptions = {},
): WorldOptions {
  const session = { ...place.oidc.session, ...oidc.session }
  const options = { ...place.oidc, ...oidc, ...(Object.keys(session).length === 0 ? {} : { session }) }
  return { host, ...others, before: [...place.before, ...(others.before ?? [])], oidc: options }
}
