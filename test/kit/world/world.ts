import { type OidcMiddleware, type OidcOptions, type Principal, requireAuth } from '../../../lib/index.js'
import { cookieNameAt } from '../../hosts/cookie-names.js'
import { Browser } from '../../hosts/client.js'
import { type Host, type RunningHost, hosts } from '../../hosts/hosts.js'
import type { Layer } from '../../hosts/layers.js'
import {
  type RealProvider,
  type RealProviderOptions,
  type WebOverrides,
  startRealProvider,
  webClient,
} from '../../provider-real/provider.js'
import { type App, type AppRequest, json, startApp } from '../app.js'
import { Clock } from '../clock.js'

/** A secret that every test's application uses unless it says otherwise. */
export const secret = 'a secret for tests only, 32 characters at least'

/** An application on one host in front of the real provider, and a browser. */
export interface World {
  readonly provider: RealProvider
  readonly host: RunningHost
  readonly app: OidcMiddleware
  readonly browser: Browser
  readonly clock: Clock
  /** The whole name of the session's cookie, or of another of the application's, such as `cookie('.loop')`. */
  cookie(suffix?: string): string
  /** Joins a path to the application's origin. */
  url(path: string): string
  /** Signs in through the real provider and returns the page that the browser ends at. */
  signIn(login?: string): ReturnType<Browser['request']>
  /** What `/me` says: the principal and the person, or null. */
  me(): Promise<{ readonly user: Record<string, unknown> | null; readonly auth: Principal | null }>
  close(): Promise<void>
}

/** How a world departs from the usual one. */
export interface WorldOptions {
  readonly host?: Host
  readonly oidc?: Partial<OidcOptions> | undefined
  readonly client?: WebOverrides | ((baseUrl: string) => WebOverrides)
  readonly provider?: RealProviderOptions
  /** Path that the middleware is mounted at; its base URL ends in it. Default: none, for every request. */
  readonly below?: string
  /** Layers before `oidc()`, and after it, beside `/me`, `/private` and `/`. */
  readonly before?: readonly Layer[]
  readonly layers?: readonly Layer[]
}

/** Starts the real provider and an application on it. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { below = '', host = firstHost } = options
  const app = await startApp(host, Clock.real(), async (origin) => {
    const baseUrl = origin + below
    const overrides = typeof options.client === 'function' ? options.client(baseUrl) : options.client
    const client = webClient(baseUrl, overrides)
    const clients = [client, ...(options.provider?.clients ?? [])]
    const provider = await startRealProvider({ ...options.provider, clients })
    const { client_id: clientId, client_secret: clientSecret } = client
    return {
      provider,
      close: () => provider.close(),
      options: { issuer: provider.issuer, clientId, clientSecret, baseUrl, secret, ...options.oidc },
      layers: (oidc) => {
        const placed = below === '' ? oidc : { mount: below, handlers: [oidc] }
        return [...(options.before ?? []), placed, ...(options.layers ?? []), ...usualLayers]
      },
    }
  })
  return makeWorld(app)
}

function makeWorld({ provider, host, oidc, options, clock, close }: App<RealProvider>): World {
  const browser = new Browser()
  const baseUrls = options.baseUrls ?? [typeof options.baseUrl === 'string' ? options.baseUrl : '']
  const url = (path: string): string => host.url + path
  return {
    provider,
    host,
    app: oidc,
    browser,
    clock,
    cookie: (suffix) => cookieNameAt(baseUrls.slice(0, 1), suffix),
    url,
    signIn: (login = '/login') => browser.request('navigate', url(login), { follow: true }),
    me: async () => {
      const answer = await browser.request('fetch', url('/me'))
      return answer.json() as Awaited<ReturnType<World['me']>>
    },
    close,
  }
}

const [firstHost] = hosts as readonly [Host]

const usualLayers: readonly Layer[] = [
  {
    method: 'GET',
    path: '/me',
    handlers: [
      (req, res) => json(res, { user: (req as AppRequest).oidc.user ?? null, auth: (req as AppRequest).auth ?? null }),
    ],
  },
  {
    method: 'GET',
    path: '/private',
    handlers: [requireAuth(), (req, res) => json(res, { sub: (req as AppRequest).auth?.subject })],
  },
  { method: 'GET', path: '/', handlers: [(_req, res) => res.end('home')] },
]
