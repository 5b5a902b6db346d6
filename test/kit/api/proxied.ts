import { csrf, type CsrfOptions, requireAuth } from '../../../lib/index.js'
import { type ApiProxy, type ApiProxyOptions, apiProxy } from '../../../lib/proxy/index.js'
import type { Answer, Browser, RequestOptions } from '../../hosts/client.js'
import { cookieOf, type RefreshWorld, startRefreshWorld } from '../world/refreshing.js'
import { rawRequest } from '../world/steps.js'
import type { WorldOptions } from '../world/world.js'
import { type Api, type ApiAnswer, startApi } from './api.js'

/** An application with an API behind `/api`, and somebody who is signed in. */
export interface Proxied {
  readonly api: Api
  readonly world: RefreshWorld
  readonly proxy: ApiProxy
  /** Calls a path as a script of the application does, with the header of `csrf()`. */
  call(path: string, options?: RequestOptions, browser?: Browser): Promise<Answer>
  /** A request line and headers, with cookies and the header of `csrf()`. */
  head(requestLine: string, headers?: readonly string[]): string
  /** Sends a request line and headers as they are, with cookies and the header of `csrf()`; answers with all that comes back. */
  raw(requestLine: string, headers?: readonly string[]): Promise<string>
  close(): Promise<void>
}

/** How it departs from the usual one. */
export interface ProxiedOptions {
  readonly proxy?: ApiProxyOptions
  readonly csrf?: CsrfOptions
  readonly world?: WorldOptions
  readonly answer?: ApiAnswer
  /** Where the API's own paths begin. Default: `/v1`. */
  readonly basePath?: string
  /** The API's origin, if it is none of ours. */
  readonly origin?: string
}

/** Starts it, and signs alice in. */
export async function startProxied(options: ProxiedOptions = {}): Promise<Proxied> {
  const api = await startApi(options.answer)
  const { world: worldOptions = {}, basePath = '/v1', origin = api.origin } = options
  const isPlain = worldOptions.host?.name === 'node:http'
  const proxy = apiProxy(origin + basePath, { ...(isPlain ? { mountPath: '/api' } : {}), ...options.proxy })
  const guarded = { mount: '/api', handlers: [requireAuth({ challenge: 'respond' }), proxy] }
  const layers = [csrf(options.csrf), ...(worldOptions.layers ?? []), guarded]
  const world = await startRefreshWorld({ ...worldOptions, layers })
  await world.signIn()
  const head: Proxied['head'] = (requestLine, headers = []) => {
    const { cookie = '' } = cookieOf(world.browser, world)
    return `${[requestLine, 'Host: app', `Cookie: ${cookie}`, 'X-CSRF: 1', ...headers].join('\r\n')}\r\n\r\n`
  }
  return {
    api,
    world,
    proxy,
    call: (path, given = {}, browser = world.browser) =>
      browser.fetch(world.url(path), { ...given, headers: { 'x-csrf': '1', ...given.headers } }),
    head,
    raw: (requestLine, headers = []) => rawRequest(world.url(''), head(requestLine, ['Connection: close', ...headers])),
    close: async () => {
      await proxy.close()
      await Promise.all([world.close(), api.close()])
    },
  }
}
