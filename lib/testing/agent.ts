import { request as httpRequest } from 'node:http'
import { parseUrl } from '../base/url.js'
import { ConfigurationError } from '../errors.js'

/** A response of the application, as supertest gives it. */
export interface TestResponse {
  /** Its status code. */
  readonly status: number
  /** By lower-case name; `set-cookie` is a list. */
  readonly headers: Readonly<Record<string, unknown>>
  /** Its body, as it was sent. */
  readonly text?: string | undefined
}

/** A request to the application, as supertest makes it: it is sent when it is awaited. */
export interface TestRequest extends PromiseLike<TestResponse> {
  /** Where it was sent. */
  readonly url?: string | undefined
  /** Sets a header. */
  set(name: string, value: string): TestRequest
  /** Sets the body. */
  send(body: string): TestRequest
}

/** What makes requests to the application: `request(app)` or `request.agent(app)` of supertest, or anything with these methods. */
export interface TestAgent {
  /** Begins a GET request; the path may have a query. */
  get(path: string): TestRequest
  /** Begins a POST request. */
  post(path: string): TestRequest
}

/** A function like `fetch` that reaches the application. */
export type AppFetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; redirect: 'manual' },
) => Promise<Response>

/** How to reach the application: an agent of supertest, a function like `fetch`, or the URL where it listens. */
export type AppUnderTest = TestAgent | AppFetch | string | URL

/** One request, however it is sent. */
export interface AppRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** The parts of a response that are needed. */
export interface AppResponse {
  readonly status: number
  readonly location: string | undefined
  readonly setCookies: readonly string[]
  readonly text: string
  /** Where an agent has sent the request, if it says so. */
  readonly sentTo?: string | undefined
}

/** Sends one request. */
export type Send = (request: AppRequest) => Promise<AppResponse>

/**
 * How requests reach the application.
 *
 * @param baseUrl - of the application, for a function like `fetch`
 * @throws {ConfigurationError} `invalid_options`
 */
export function senderOf(app: AppUnderTest, baseUrl: string): Send {
  if (app instanceof URL || (typeof app === 'string' && parseUrl('/', app) !== undefined)) {
    return (request) => overHttp(new URL(request.path, app), request)
  }
  if (isAgent(app)) return (request) => throughAgent(app, request)
  if (typeof app === 'function' && app.length <= 2) return (request) => byFetch(app, baseUrl, request)
  throw new ConfigurationError(
    'invalid_options',
    'signIn() takes request(app) or request.agent(app) of supertest, the URL where the application listens, or a function like fetch',
  )
}

function isAgent(app: unknown): app is TestAgent {
  if ((typeof app !== 'object' && typeof app !== 'function') || app === null) return false
  const isListener = 'listen' in app || 'handle' in app
  return !isListener && 'get' in app && 'post' in app
}

/**
 * Refuses an agent that keeps cookies of https for itself, and sends none of them, as it speaks http.
 *
 * @param sentTo - where it has sent a request
 * @throws {ConfigurationError} `invalid_options`
 */
export function requireSendsSecureCookies(app: AppUnderTest, sentTo: string | undefined): void {
  if (!isAgent(app) || !('jar' in app) || sentTo?.startsWith('http:') !== true) return
  throw new ConfigurationError(
    'invalid_options',
    'request.agent(app) speaks http, and sends no cookies of an https base URL: use signIn(request(app), …) and the cookie that it returns, or a baseUrl with http://localhost in tests',
  )
}

async function throughAgent(agent: TestAgent, { method, path, headers, body }: AppRequest): Promise<AppResponse> {
  let request = method === 'GET' ? agent.get(path) : agent.post(path)
  for (const [name, value] of Object.entries(headers)) request = request.set(name, value)
  const response = await (body === undefined ? request : request.send(body))
  const { location, 'set-cookie': cookies } = response.headers
  return {
    status: response.status,
    location: typeof location === 'string' ? location : undefined,
    setCookies: [cookies ?? []].flat().map(String),
    text: response.text ?? '',
    sentTo: request.url,
  }
}

async function byFetch(app: AppFetch, baseUrl: string, request: AppRequest): Promise<AppResponse> {
  const { method, path, headers, body } = request
  const init = { method, headers: { ...headers }, redirect: 'manual', ...(body === undefined ? {} : { body }) } as const
  const response = await app(new URL(path, baseUrl).href, init)
  return {
    status: response.status,
    location: response.headers.get('location') ?? undefined,
    setCookies: response.headers.getSetCookie(),
    text: await response.text(),
  }
}

// Not with fetch: its `Sec-Fetch-Mode` says that this is not a window, and nobody signs in that way.
function overHttp(url: URL, { method, headers, body }: AppRequest): Promise<AppResponse> {
  if (url.protocol !== 'http:') {
    throw new ConfigurationError('invalid_options', `signIn() reaches applications by http, and not at ${url.origin}`)
  }
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      const { statusCode: status = 0, headers: answered } = response
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => void parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(parts).toString()
        resolve({ status, location: answered.location, setCookies: answered['set-cookie'] ?? [], text })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
