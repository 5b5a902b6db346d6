import type { Agent, request } from 'node:http'
import type { AgentOptions } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isLocalhostName } from '../../options/common/fields.js'
import type { ApiTlsConfiguration } from '../../options/common/tls.js'
import type { TlsSource } from '../tls/tls-source.js'
import { publicLookup, requirePublicHost } from './public-addresses.js'

// Shorter than the idle time-out of servers and load balancers: a code sent on a connection that is being closed is
// lost.
const idleMilliseconds = 4_000

/** How connections are made. */
export interface AgentSettings {
  /** The certificate that connections present, and whom they trust. */
  readonly tls?: TlsSource<ApiTlsConfiguration> | undefined
  /** Whether a URL may lead to a private address. @default all may */
  readonly isTrusted?: (url: URL) => boolean
}

/** The agent and the request function for one protocol. */
export interface Wire {
  readonly agent: Agent
  readonly request: typeof request
  /** What its connections present. */
  readonly tls: ApiTlsConfiguration | undefined
}

/** Agents by protocol. Each module is loaded with the first request, to keep imports fast. */
export class Agents {
  readonly #wires = new Map<string, Wire>()
  readonly #retired = new Set<Agent>()
  readonly #tls: TlsSource<ApiTlsConfiguration> | undefined
  readonly #isTrusted: (url: URL) => boolean

  constructor({ tls, isTrusted = () => true }: AgentSettings) {
    this.#tls = tls
    this.#isTrusted = isTrusted
  }

  /**
   * How the host of a URL is looked up. An agent uses a kept connection only for the host that it was made to.
   *
   * @throws {ProviderError} `provider_address_refused`
   */
  lookupFor(url: URL): { readonly lookup?: LookupFunction } {
    if (this.#isTrusted(url)) return isLocalhostName(url.hostname) ? { lookup: loopbackLookup } : {}
    requirePublicHost(url.hostname)
    return { lookup: publicLookup }
  }

  /**
   * The agent for a new request.
   *
   * @throws {ProviderError} if there are no certificates
   */
  async wireFor(protocol: string): Promise<Wire> {
    const tls = protocol === 'https:' ? await this.#tls?.current() : undefined
    const known = this.#wires.get(protocol)
    if (known !== undefined && known.tls === tls) return known
    const { Agent, request } = await (protocol === 'http:' ? import('node:http') : import('node:https'))
    const meanwhile = this.#wires.get(protocol)
    if (meanwhile !== undefined && meanwhile.tls === tls) return meanwhile
    if (meanwhile !== undefined) this.#retire(meanwhile.agent)
    const options: AgentOptions = { keepAlive: true, timeout: idleMilliseconds, ...tls }
    const wire = { agent: new Agent(options), request, tls }
    this.#wires.set(protocol, wire)
    return wire
  }

  close(): void {
    for (const agent of [...this.#retired, ...[...this.#wires.values()].map(({ agent }) => agent)]) agent.destroy()
  }

  // Connections with the certificate of before end with the requests that are on them, and no other begins there.
  #retire(agent: Agent): void {
    agent.maxFreeSockets = 0
    for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
    for (const old of this.#retired) if (Object.keys(old.sockets).length === 0) this.#retired.delete(old)
    this.#retired.add(agent)
  }
}

const loopback = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

// Names below localhost always mean loopback, whatever DNS or a hosts file says (RFC 6761 section 6.3).
const loopbackLookup: LookupFunction = (_hostname, { all, family }, done) => {
  const wanted = loopback.filter((one) => family === undefined || family === 0 || one.family === family)
  const [first = { address: '127.0.0.1', family: 4 }] = wanted
  if (all === true) done(null, wanted.length === 0 ? [first] : wanted)
  else done(null, first.address, first.family)
}
