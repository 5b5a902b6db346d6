import type { Duplex, Readable } from 'node:stream'
import { Agent, type Dispatcher, errors } from 'undici'
import { omitUndefined } from '../../base/json.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import { type Runtime, systemRuntime } from '../../base/runtime.js'
import type { ApiProxyConfiguration } from '../../options/client/api-proxy.js'
import { type ApiTlsConfiguration, parseCurrentApiTls } from '../../options/common/tls.js'
import { createTlsSource, type TlsSource } from '../../provider/tls/tls-source.js'
import { Handshake, type HandshakeAnswer } from './handshake.js'

/** One request to the API, without its credentials. */
export interface UpstreamRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly signal: AbortSignal
}

/** A request with what its body is read from. */
export interface UpstreamCall extends UpstreamRequest {
  readonly body: Readable | null
}

/** A response of the API whose body is still to be read. */
export type UpstreamResponse = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>

/** The connections with the same certificates. */
interface Connections {
  readonly tls: ApiTlsConfiguration
  readonly requests: Agent
  readonly sockets: Agent
}

/** The connections to one API. Requests go to its origin only, and no redirect is followed. */
export class Upstream {
  /** Where the API is: scheme, host and port. */
  readonly origin: string
  /** The path below which all requests go, without a slash at its end; empty at the root. */
  readonly basePath: string
  readonly #timeout: number
  readonly #http2: boolean
  readonly #tls: TlsSource<ApiTlsConfiguration>
  readonly #retired = new Set<Connections>()
  #connections: Connections | undefined
  /** WebSockets, which belong to no agent any more. */
  readonly #open = new Set<Duplex>()

  constructor({ target, timeoutSeconds, http2, tls = {} }: ApiProxyConfiguration, runtime: Runtime = systemRuntime) {
    const { origin, pathname } = new URL(target)
    this.origin = origin
    this.basePath = pathname.replace(/\/+$/, '')
    this.#timeout = timeoutSeconds * 1000
    this.#http2 = http2
    const source = { option: 'tls', parse: parseCurrentApiTls, runtime, seconds: timeoutSeconds }
    this.#tls = createTlsSource<ApiTlsConfiguration>(tls, source)
  }

  /** Whether connections present a certificate of the client, as far as is known. */
  get hasCertificate(): boolean {
    return this.#tls.known()?.cert !== undefined
  }

  /** Sends a request. A body may take any time: event streams have no end. */
  async send(call: UpstreamCall): Promise<UpstreamResponse> {
    const { method, path, body } = call
    const { requests } = await this.#connect()
    const send = (signal: AbortSignal): Promise<UpstreamResponse> =>
      requests.request({
        origin: this.origin,
        method,
        path,
        headers: [...call.headers],
        body,
        signal,
        headersTimeout: this.#timeout,
        bodyTimeout: 0,
      })
    // For the connection, and for the headers.
    return this.#http2 ? sendInTime(send, call, 2 * this.#timeout) : send(call.signal)
  }

  /** Asks for a WebSocket. */
  async upgrade({ path, headers, signal }: UpstreamRequest): Promise<HandshakeAnswer> {
    const request = { origin: this.origin, method: 'GET', path, headers: [...headers], upgrade: 'websocket' }
    const { sockets } = await this.#connect()
    const answer = await new Promise<HandshakeAnswer>((resolve, reject) => {
      const handshake = new Handshake({ resolve, reject }, signal)
      sockets.dispatch({ ...request, headersTimeout: this.#timeout }, handshake)
    })
    const { socket } = answer
    if (socket !== undefined) {
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
    }
    return answer
  }

  /** Ends all connections, those with requests on them too. */
  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    const all = [...this.#retired, ...(this.#connections === undefined ? [] : [this.#connections])]
    await Promise.all(all.flatMap(({ requests, sockets }) => [requests.destroy(), sockets.destroy()]))
  }

  // Fixed certificates, and those that are known, are waited for by nobody.
  #connect(): MaybePromise<Connections> {
    return whenDone(this.#tls.current(), (tls) => this.#connectionsWith(tls))
  }

  #connectionsWith(tls: ApiTlsConfiguration): Connections {
    const before = this.#connections
    if (before?.tls === tls) return before
    if (before !== undefined) this.#retire(before)
    const connect = omitUndefined({ ...tls, timeout: this.#timeout })
    this.#connections = {
      tls,
      requests: new Agent({ connect, allowH2: this.#http2 }),
      sockets: new Agent({ connect, allowH2: false }),
    }
    return this.#connections
  }

  // Requests that are under way end as they would.
  #retire(connections: Connections): void {
    const { requests, sockets } = connections
    this.#retired.add(connections)
    const done = (): void => void this.#retired.delete(connections)
    Promise.all([requests.close(), sockets.close()]).then(done, done)
  }
}

/** Limits the wait for the headers, once the body is sent: not all versions of undici do so on HTTP/2. */
async function sendInTime(
  send: (signal: AbortSignal) => Promise<UpstreamResponse>,
  { body, signal }: UpstreamCall,
  milliseconds: number,
): Promise<UpstreamResponse> {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const wait = (): void => {
    timer = setTimeout(() => late.abort(new errors.HeadersTimeoutError()), milliseconds)
  }
  if (body === null) wait()
  else body.once('end', wait)
  try {
    return await send(AbortSignal.any([signal, late.signal]))
  } finally {
    clearTimeout(timer)
    body?.off('end', wait)
  }
}
