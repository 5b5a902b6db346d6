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
 * differs from the global one in that it follows no redirects, asks for no content coding, and fails for a status above 599.
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
      throw fetchFailure(new Error('unexpected redirect'))
    },
    close: () => agents.close(),
  }
}

async function send(agents: Agents, request: Request, body: Request['body'] | Buffer): Promise<Response> {
  const { method, signal } = request
  const url = new URL(request.url)
  const { agent, request: open } = await agents.wireFor(url.protocol)
  signal.throwIfAborted()
  const { headers, length } = sentHeaders(request.headers)
  const answered = new Promise<Response>((resolve, reject) => {
    const sent = open(url, { method, headers, agent, signal, ...agents.lookupFor(url) })
    const fail = (error: unknown): void => reject(fetchFailure(error))
    sent.on('response', (answer) => {
      try {
        resolve(responseOf(answer, request))
      } catch (error) {
        fail(error)
        answer.destroy()
      }
    })
    sent.on('error', fail)
    // For example, after a response that would upgrade the protocol.
    sent.on('close', () => fail(new Error('closed without an answer')))
    if (!(body instanceof ReadableStream)) sent.end(body)
    else {
      if (length !== undefined) sent.setHeader('content-length', length)
      const source = Readable.fromWeb(body)
      const pieces = Readable.from(ofLength(source, length))
      pieces.on('error', (error) => sent.destroy(error)).pipe(sent)
      sent.on('close', () => source.destroy())
    }
  })
  return answered.catch((error: unknown) => {
    signal.throwIfAborted()
    throw error
  })
}

// As the global fetch. With them a request could end elsewhere than it seems to, and its rest would be taken for the next one on
// the connection (RFC 9112 section 11.2).
const refusedHeaders = ['expect', 'transfer-encoding', 'upgrade']

/** The headers of the request, and the length that they give for a stream. Node counts other bodies itself. */
function sentHeaders(given: Headers): { headers: Record<string, string>; length: string | undefined } {
  const refused = refusedHeaders.find((name) => given.has(name))
  if (refused !== undefined) throw fetchFailure(new Error(`fetch() cannot send the header "${refused}": leave it out`))
  const headers = new Headers(given)
  // Node would check the server's certificate for the name in "host", in place of that of the URL.
  for (const name of ['connection', 'content-length', 'host', 'keep-alive']) headers.delete(name)
  // Nothing decodes an answer here.
  headers.set('accept-encoding', 'identity')
  return {
    headers: { accept: '*/*', ...Object.fromEntries(headers) },
    length: given.get('content-length') ?? undefined,
  }
}

async function* ofLength(pieces: AsyncIterable<Uint8Array>, length: string | undefined): AsyncGenerator<Uint8Array> {
  const expected = length === undefined ? undefined : Number(length)
  const different = new Error('the body is not as long as its header "content-length" says')
  let sent = 0
  for await (const piece of pieces) {
    sent += piece.byteLength
    if (expected !== undefined && !(sent <= expected)) throw different
    yield piece
  }
  if (expected !== undefined && sent !== expected) throw different
}

// As the global fetch reports that there was no response.
function fetchFailure(cause: unknown): TypeError {
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
  // The application treats it as the result of its own fetch(): it may resolve links against the URL, or log it. No constructor
  // sets that, so this object gets a member of its own: no class is changed, and nothing in this package reads it.
  return Object.defineProperty(response, 'url', { value: url })
}
