import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { ConfigurationError, SessionError, UpstreamError } from '../errors.js'
import { createHttpRequest } from '../middleware/http/request.js'
import type { NodeRequest } from '../middleware/types.js'
import { isWebSocket } from './admission.js'
import { sendWithToken } from './upstream/credentials.js'
import type { Forwarding } from './forwarding.js'
import { hasBody } from './request-headers.js'
import type { HandshakeAnswer } from './upstream/handshake.js'
import { isAnswered, targetOf, writePrivateHeaders } from './response.js'

/** An upgrade request that waits for its answer. */
interface Pending {
  /** What came after the headers. */
  readonly head: Buffer
  /** Leaves the socket to whoever reads it from now on. */
  readonly release: () => void
}

const pending = new WeakMap<IncomingMessage, Pending>()

/**
 * Creates a listener for `upgrade` that gives WebSocket handshakes to the application as requests: they pass the same
 * middleware and guards. `apiProxy()` opens the WebSocket. Any other answer of the application goes back as a response. An upgrade
 * with a body, or to a WebSocket with another method than GET, is refused with 400.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { upgradeListener } from 'express-oidc/proxy'
 *
 * createServer(app).on('upgrade', upgradeListener(app)).listen(3000)
 * ```
 */
export function upgradeListener(
  app: (req: IncomingMessage, res: ServerResponse) => unknown,
): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (req, socket, head) => {
    // Node has removed its own listener: a reset would end the process.
    socket.on('error', () => socket.destroy())
    const res = new ServerResponse(req)
    res.shouldKeepAlive = false
    res.assignSocket(req.socket)
    res.once('finish', () => socket.end())
    if (isUnreadable(req)) {
      res.statusCode = 400
      res.end()
      return
    }
    const parts = [closeAtEnd(socket), passDrain(socket, res)]
    pending.set(req, { head, release: () => parts.forEach((release) => release()) })
    app(req, res)
  }
}

// Node gives up a body with the upgrade: the application would take it for empty. A handshake has the method GET (RFC 6455 section
// 4.1), which guards by method rely on.
function isUnreadable(req: IncomingMessage): boolean {
  return hasBody(req) || (req.method !== 'GET' && isWebSocket(createHttpRequest(req)))
}

// Nobody reads the socket until it is open: that the browser has gone would not be seen.
function closeAtEnd(socket: Duplex): () => void {
  const look = (): void => {
    if (socket.readableLength === 0) socket.read()
  }
  const end = (): void => void socket.destroy()
  socket.on('readable', look).on('end', end)
  return () => socket.off('readable', look).off('end', end)
}

// Node has removed its own listener: a response that is larger than the socket's buffer would wait for ever.
function passDrain(socket: Duplex, res: ServerResponse): () => void {
  const pass = (): void => void res.emit('drain')
  socket.on('drain', pass)
  return () => socket.off('drain', pass)
}

/**
 * Opens a WebSocket at the API and connects both sides until one of them, or the session, ends.
 *
 * @param signal - aborts once the browser has gone
 * @throws like `req.oidc.accessToken()` and undici, as long as the response has not begun
 */
export async function forwardWebSocket(forwarding: Forwarding, signal: AbortSignal): Promise<void> {
  const { admission, call, configuration, upstream, url, request } = forwarding
  const { head, release } = pendingOf(call.req)
  const ended = await admission.access.end()
  if (ended === undefined) throw new SessionError('session_missing', 'sign in to open a WebSocket')
  const answer = await sendWithToken<HandshakeAnswer>({
    access: admission.access,
    target: targetOf(configuration),
    method: request.method,
    url,
    isRepeatable: true,
    send: (credentials) => upstream.upgrade({ ...request, headers: [...request.headers, ...credentials], signal }),
    discard: ({ socket }) => socket?.destroy(),
    isLost: () => false,
  })
  const { socket, statusCode } = answer
  if (isAnswered(call.res)) socket?.destroy()
  else if (socket === undefined) passRefusal(forwarding, statusCode)
  else if (signal.aborted || ended.aborted) {
    socket.destroy()
    throw new SessionError('session_missing', 'the session has ended')
  } else {
    const client = accept(forwarding, answer, socket)
    release()
    if (head.length > 0) socket.write(head)
    join(client, socket, ended)
  }
}

function pendingOf(req: NodeRequest): Pending {
  const found = pending.get(req)
  if (found !== undefined) return found
  const message =
    'a WebSocket came to apiProxy() as a plain request: add server.on("upgrade", upgradeListener(app)) of express-oidc/proxy'
  throw new ConfigurationError('not_mounted', message)
}

function passRefusal({ call: { res } }: Forwarding, statusCode: number): void {
  if (statusCode < 400) {
    throw new UpstreamError('upstream_response_invalid', `the API answered a WebSocket handshake with ${statusCode}`)
  }
  res.statusCode = statusCode
  writePrivateHeaders(res)
  res.end()
}

const passedHeaders = ['sec-websocket-accept', 'sec-websocket-protocol', 'sec-websocket-extensions']

// Node writes the response, which adds the session's cookies as to any other. A hook of other middleware may throw then.
function accept({ call: { req, res } }: Forwarding, { headers }: HandshakeAnswer, api: Duplex): Duplex {
  try {
    for (const name of passedHeaders) {
      const value = headers[name]
      if (typeof value === 'string') res.setHeader(name, value)
    }
    res.writeHead(101, { Connection: 'Upgrade', Upgrade: 'websocket' })
  } catch (error) {
    api.destroy()
    throw error
  }
  res.flushHeaders()
  res.detachSocket(req.socket)
  req.socket.setTimeout(0).setNoDelay(true)
  return req.socket
}

function join(client: Duplex, api: Duplex, ended: AbortSignal): void {
  const end = (): void => {
    client.destroy()
    api.destroy()
  }
  for (const side of [client, api]) side.on('error', end).on('close', end)
  ended.addEventListener('abort', end)
  client.pipe(api).pipe(client)
}
