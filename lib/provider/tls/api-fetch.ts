// Why not the global fetch: it takes certificates only as an agent of the undici inside Node, which nothing exports.
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { isReplayable } from '../../fetch/redirect.js'
import { Agents } from '../transport/agents.js'
import { isRedirectStatus } from '../transport/transport.js'
import type { TlsSource } from './tls-source.js'

/** Calls APIs over connections with the client's certificate. */
export interface ApiFetch {
  readonly fetch: typeof fetch
  /** Ends its connections. */
  close(): void
}

/**
 * Creates a `fetch` whose connections present the client's certificate, to which tokens may be bound (RFC 8705 section 3). It
 * differs from the global one in that it follows no redirects, and asks for no content coding.
 */
export function createApiFetch(tls: TlsSource): ApiFetch {
  const agents = new Agents({ tls })
  return {
    fetch: async (input, init = {}) => {
      const request = new Request(input, init)
      const body = isReplayable(init.body) ? Buffer.from(await request.arrayBuffer()) : request.body
      const response = await send(agents, request, body)
      if (!isRedirectStatus(response.status) || request.redirect !== 'error') return response
      await response.body?.cancel()
      throw failed(new Error('unexpected redirect'))
    },
    close: () => agents.close(),
  }
}

async function send(agents: Agents, request: Request, body: Request['body'] | Buffer): Promise<Response> {
  const { method, signal } = request
  const url = new URL(request.url)
  const { agent, request: open } = await agents.wireFor(url.protocol)
  signal.throwIfAborted()
  const headers = { accept: '*/*', 'accept-encoding': 'identity', ...Object.fromEntries(request.headers) }
  const answered = new Promise<Response>((resolve, reject) => {
    const sent = open(url, { method, headers, agent, signal, ...agents.lookupFor(url) })
    const fail = (error: unknown): void => reject(failed(error))
    sent.on('response', (answer) => resolve(responseOf(answer, request)))
    sent.on('error', fail)
    // For example, after a response that would upgrade the protocol.
    sent.on('close', () => fail(new Error('closed without an answer')))
    if (body instanceof ReadableStream)
      Readable.fromWeb(body)
        .on('error', (error) => sent.destroy(error))
        .pipe(sent)
    else sent.end(body)
  })
  return answered.catch((error: unknown) => {
    signal.throwIfAborted()
    throw error
  })
}

// As the global fetch reports that there was no response.
function failed(cause: unknown): TypeError {
  return new TypeError('fetch failed', { cause })
}

const withoutBody = new Set([204, 205, 304])

function responseOf(answer: IncomingMessage, { method, url }: Request): Response {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = answer
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  const isEmpty = method === 'HEAD' || withoutBody.has(status)
  if (isEmpty) answer.resume()
  const response = new Response(isEmpty ? null : Readable.toWeb(answer), { status, statusText, headers })
  return Object.defineProperty(response, 'url', { value: url })
}
