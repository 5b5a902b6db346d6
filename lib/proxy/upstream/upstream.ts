import type { Duplex } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { omitUndefined } from '../../base/json.js'
import type { ApiProxyConfiguration } from '../../options/client/api-proxy.js'
import { Handshake, type HandshakeAnswer } from './handshake.js'

/** One request to the API, but for its credentials. */
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
  readonly body: NonNullable<Dispatcher.DispatchOptions['body']> | null
}

/** A response of the API whose body is still to be read. */
export type UpstreamResponse = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>

/** The connections to one API. Requests go to its origin only, and no redirect is followed. */
export class Upstream {
  /** Where the API is: scheme, host and port. */
  readonly origin: string
  /** The path below which all requests go, without a slash at its end; empty at the root. */
  readonly basePath: string
  readonly #requests: Agent
  readonly #sockets: Agent
  readonly #timeout: number
  /** WebSockets, which belong to no agent any more. */
  readonly #open = new Set<Duplex>()

  constructor({ target, timeoutSeconds, http2, tls = {} }: ApiProxyConfiguration) {
    const { origin, pathname } = new URL(target)
    this.origin = origin
    this.basePath = pathname.replace(/\/+$/, '')
    this.#timeout = timeoutSeconds * 1000
    const connect = omitUndefined({ ...tls, timeout: this.#timeout })
    this.#requests = new Agent({ connect, allowH2: http2 })
    this.#sockets = new Agent({ connect, allowH2: false })
  }

  /** Sends a request. A body may take any time: event streams have no end. */
  send(call: UpstreamCall): Promise<UpstreamResponse> {
    const { method, path, body, signal } = call
    return this.#requests.request({
      origin: this.origin,
      method,
      path,
      headers: [...call.headers],
      body,
      signal,
      headersTimeout: this.#timeout,
      bodyTimeout: 0,
    })
  }

  /** Asks for a WebSocket. */
  async upgrade({ path, headers, signal }: UpstreamRequest): Promise<HandshakeAnswer> {
    const request = { origin: this.origin, method: 'GET', path, headers: [...headers], upgrade: 'websocket' }
    const answer = await new Promise<HandshakeAnswer>((resolve, reject) => {
      const handshake = new Handshake({ resolve, reject }, signal)
      this.#sockets.dispatch({ ...request, headersTimeout: this.#timeout }, handshake)
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
    await Promise.all([this.#requests.destroy(), this.#sockets.destroy()])
  }
}
