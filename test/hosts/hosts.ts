import { type RequestListener, type Server, createServer } from 'node:http'
import { listen } from '../kit/listen.js'
import { type Journal, type Layer, Recorder } from './layers.js'
import { type Wire, wireConnect, wireExpress4, wireExpress5, wireNode } from './native.js'

/** Writes an application for an origin that is known already, such as `http://127.0.0.1:40123`. */
export type Build = (place: { readonly baseUrl: string }) => readonly Layer[] | Promise<readonly Layer[]>

/** An application that runs. */
export interface RunningHost {
  readonly name: string
  /** The origin, without a trailing slash. */
  readonly url: string
  readonly journal: Journal
  readonly server: Server
  /** What the server gives its requests to. */
  readonly app: RequestListener
  /** Ends all connections and frees the port. */
  close(): Promise<void>
}

/** One of the four places where the middleware has to work. */
export interface Host {
  readonly name: 'Express 5' | 'Express 4' | 'Connect' | 'node:http'
  /** Listens on a free port of 127.0.0.1 first, so that `build` knows its own origin. */
  start(build: Build): Promise<RunningHost>
}

/** All four: `describe.each(hosts)('$name', (host) => ...)`. */
export const hosts: readonly Host[] = [
  host('Express 5', wireExpress5),
  host('Express 4', wireExpress4),
  host('Connect', wireConnect),
  host('node:http', wireNode),
]

function host(name: Host['name'], wire: Wire): Host {
  return { name, start: (build) => start(name, wire, build) }
}

async function start(name: string, wire: Wire, build: Build): Promise<RunningHost> {
  let listener: RequestListener = (_req, res) => void res.writeHead(503).end()
  const server = createServer((req, res) => listener(req, res))
  const { origin: url, close } = await listen(server)
  const recorder = new Recorder()
  try {
    listener = wire(await build({ baseUrl: url }), recorder)
  } catch (error) {
    await close()
    throw error
  }
  return { name, url, journal: recorder, server, app: listener, close }
}
