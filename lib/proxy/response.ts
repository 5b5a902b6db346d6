import { pipeline } from 'node:stream/promises'
import { parseUrl } from '../base/url.js'
import { SessionError } from '../errors.js'
import { privateHeaders } from '../http/problem.js'
import type { ApiAccess } from '../middleware/guard/api-access.js'
import type { AccessTokenTarget } from '../options/oidc/access-token.js'
import type { NodeResponse } from '../middleware/types.js'
import { sendWithToken } from './upstream/credentials.js'
import { isLostConnection } from './upstream/failures.js'
import type { Forwarding } from './forwarding.js'
import { isPlainPath } from './path.js'
import { returnedHeaders } from './response-headers.js'
import type { UpstreamResponse } from './upstream/upstream.js'

/**
 * Sends a request to the API and its response back, as both arrive.
 *
 * @param signal - aborts once the browser has gone
 * @throws like `req.oidc.accessToken()` and undici, as long as the response has not begun
 */
export async function forward(forwarding: Forwarding, signal: AbortSignal): Promise<void> {
  const { admission, configuration, upstream, url, request } = forwarding
  const { access } = admission
  const response = await sendWithToken<UpstreamResponse>({
    access,
    target: targetOf(configuration),
    method: request.method,
    url,
    isRepeatable: request.body === null,
    send: (credentials) => upstream.send({ ...request, headers: [...request.headers, ...credentials], signal }),
    // A short body is read to its end, which keeps the connection.
    discard: ({ body }) => void body.dump().catch(() => undefined),
    // RFC 9110 section 9.2.2.
    isLost: (error) => isSafeMethod(request) && !signal.aborted && isLostConnection(error),
  })
  const { res } = forwarding.call
  const hasBody = !hasNoBody(request, response)
  try {
    if (hasBody && isStream(response) && !isAnswered(res)) await endWithSession(access, response, res)
    if (isAnswered(res)) discard(response.body)
    else await answerWith(forwarding, response, hasBody)
  } catch (error) {
    discard(response.body)
    throw error
  }
}

/** Whether other middleware, such as a time limit, has answered while the API was asked: nobody waits for the API's response then. */
export function isAnswered(res: NodeResponse): boolean {
  return res.headersSent || res.writableEnded
}

async function answerWith(forwarding: Forwarding, response: UpstreamResponse, hasBody: boolean): Promise<void> {
  const { res } = forwarding.call
  writeHeaders(forwarding, response)
  if (!hasBody) {
    // undici breaks off where a 304 has the length of what it stands for, as it may (RFC 9110 section 8.6).
    response.body.on('error', ignore).resume()
    res.end()
    return
  }
  // Otherwise the browser would wait for the headers of a stream until its first event. Not by flushHeaders(), which spells them in
  // UTF-8, where they came as bytes.
  if (response.headers['content-length'] === undefined) res.write(nothing)
  await pipeline(response.body, res).catch(() => undefined)
}

function isSafeMethod({ method, body }: Forwarding['request']): boolean {
  return body === null && ['GET', 'HEAD', 'OPTIONS'].includes(method)
}

const ignore = (): void => undefined

const nothing = Buffer.alloc(0)

const streams =
  /^(?:text\/event-stream|application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-seq|stream\+json)|multipart\/x-mixed-replace)\b/i

// Streams that go on until somebody stops them.
function isStream({ headers }: UpstreamResponse): boolean {
  return streams.test(String(headers['content-type']))
}

// RFC 9112 section 6.3.
function hasNoBody({ method }: Forwarding['request'], { statusCode }: UpstreamResponse): boolean {
  return method === 'HEAD' || statusCode === 204 || statusCode === 304
}

/** The token that the API gets. */
export function targetOf({
  resource,
  scope,
  authorizationDetails,
}: Pick<Forwarding['configuration'], keyof AccessTokenTarget>): AccessTokenTarget {
  return { resource, scope, authorizationDetails }
}

/** Writes the headers that every response of the proxy has: none is for a cache, or a document. */
export function writePrivateHeaders(res: NodeResponse): void {
  for (const [name, value] of Object.entries(privateHeaders)) res.setHeader(name, value)
}

function writeHeaders(forwarding: Forwarding, { statusCode, headers }: UpstreamResponse): void {
  const { res } = forwarding.call
  res.statusCode = statusCode
  // Headers that the application has set, such as a policy, win.
  for (const [name, value] of returnedHeaders(headers)) if (!res.hasHeader(name)) res.setHeader(name, value)
  const location = ownLocation(forwarding, headers['location'])
  if (location !== undefined) res.setHeader('Location', location)
  // A server must not send it there (RFC 9110 section 8.6).
  if (statusCode === 204) res.removeHeader('Content-Length')
  writePrivateHeaders(res)
}

/**
 * A `Location` below the target, as a path of this application. Others are left out: a browser would follow a redirect to another
 * site in the name of this one.
 */
function ownLocation(
  { configuration, upstream, prefix, url }: Forwarding,
  location: string | string[] | undefined,
): string | undefined {
  if (typeof location !== 'string') return undefined
  const target = parseUrl(location, url)
  if (target === undefined) return undefined
  const { origin, pathname, search, hash } = target
  const { basePath } = upstream
  if (origin !== upstream.origin || !(pathname === basePath || pathname.startsWith(`${basePath}/`))) return undefined
  const own = prefix + pathname.slice(basePath.length)
  return isPlainPath(own, configuration.allowEncodedSlashes) ? own + search + hash : undefined
}

async function endWithSession(access: ApiAccess, { body }: UpstreamResponse, res: NodeResponse): Promise<void> {
  const ended = await access.end()
  if (ended === undefined || ended.aborted) throw new SessionError('session_missing', 'the session has ended')
  ended.addEventListener('abort', () => {
    res.end()
    discard(body)
  })
}

function discard(body: UpstreamResponse['body']): void {
  body.on('error', ignore).destroy()
}
