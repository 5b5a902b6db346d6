import { afterEach } from '@jest/globals'
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, request } from 'node:http'
import { type BearerMiddleware, createBearer } from '../../../lib/middleware/bearer.js'
import { requireAuth } from '../../../lib/middleware/require-auth.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import type { Requirement } from '../../../lib/policy/requirement.js'
import type { Principal } from '../../../lib/policy/principal.js'
import { type Host, type RunningHost, hosts } from '../../hosts/hosts.js'
import type { Layer } from '../../hosts/layers.js'
import { type FakeProvider, apiProvider, audience } from '../provider/provider.js'

/** An API that runs on one of the hosts, behind `bearer()`. */
export interface TestServer {
  readonly issuer: FakeProvider
  readonly host: RunningHost
  readonly bearer: BearerMiddleware
  /** Sends a request; arrays of header values become lines of their own. */
  send(options?: SendOptions): Promise<Answer>
  /** Sends a token as Bearer. */
  present(token: string, options?: SendOptions): Promise<Answer>
  close(): Promise<void>
}

/** One request. */
export interface SendOptions {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

/** One response; `json` is `undefined` where the body is no JSON. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Record<string, unknown> | undefined
}

/** How {@link startApi} differs from a plain API. */
export interface ApiOptions {
  readonly host?: Host | undefined
  readonly issuer?: FakeProvider
  /** Laid over `{ issuer, audience, fetch }`. */
  readonly options?: Record<string, unknown>
  readonly requirements?: readonly Requirement[]
  /** Before `bearer()`. */
  readonly before?: readonly Layer[]
}

const running = new Set<TestServer>()

// A server that stays open would keep the test run from ending.
afterEach(async () => {
  await Promise.all([...running].map((server) => server.close()))
})

/** Starts an API: `/api/...` answers with the principal. */
export async function startApi(settings: ApiOptions = {}): Promise<TestServer> {
  const { host = hosts[0], issuer = apiProvider(), requirements = [], before = [] } = settings
  if (host === undefined) throw new Error('there is no host')
  let bearer: BearerMiddleware | undefined
  const listening = await host.start(({ baseUrl }) => {
    const { options = {} } = settings
    const origin = 'dpop' in options ? { baseUrl } : {}
    const given = { issuer: issuer.issuer, audience, fetch: issuer.fetch, ...origin, ...options }
    bearer = createBearer(parseBearerOptions(given), issuer.clock)
    const answer = (req: IncomingMessage, res: ServerResponse) => {
      const { auth } = req as { auth?: Principal }
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify({ auth: auth ?? null }))
    }
    return [...before, { mount: '/api', handlers: [bearer, requireAuth(...requirements), answer] }]
  })
  if (bearer === undefined) throw new Error('there is no middleware')
  const send = (options?: SendOptions) => sendTo(listening.url, options)
  const server: TestServer = {
    issuer,
    host: listening,
    bearer,
    send,
    present: (token, { headers = {}, ...rest } = {}) =>
      send({ ...rest, headers: { authorization: `Bearer ${token}`, ...headers } }),
    close: async () => {
      running.delete(server)
      bearer?.close()
      await listening.close()
    },
  }
  running.add(server)
  return server
}

function sendTo(
  url: string,
  { method = 'GET', path = '/api/orders', headers = {}, body }: SendOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const sent = request({ hostname, port, method, path, headers, agent: false }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json: jsonOf(text) }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
