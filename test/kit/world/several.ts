import {
  type OidcMiddleware,
  type Principal,
  type ProviderOptions,
  type ProvidersHealth,
  type ProvidersOptions,
  requireAuth,
} from '../../../lib/index.js'
import { type Answer, Browser } from '../../hosts/client.js'
import { type Host, type RunningHost, hosts } from '../../hosts/hosts.js'
import type { Layer } from '../../hosts/layers.js'
import {
  type RealProvider,
  type RealProviderOptions,
  type WebClient,
  startRealProvider,
  webClient,
} from '../../provider-real/provider.js'
import { type AppRequest, json, startAppOfProviders } from '../app.js'
import { Clock } from '../clock.js'
import { secret } from './world.js'

/** An application with several providers, and a browser. */
export interface SeveralWorld {
  /** The real providers, by their names. */
  readonly at: Readonly<Record<'google' | 'work', RealProvider>>
  /** The options for each of them. */
  readonly options: Readonly<Record<'google' | 'work', ProviderOptions>>
  readonly host: RunningHost
  readonly app: OidcMiddleware<ProvidersHealth>
  readonly browser: Browser
  readonly clock: Clock
  url(path: string): string
  /** Signs in at one of them; the browser ends at the page after. */
  signIn(name: string, browser?: Browser): Promise<Answer>
  /** Whose session a browser has: provider and subject, or null. */
  who(browser?: Browser): Promise<unknown>
  close(): Promise<void>
}

/** How it departs from the usual one. */
export interface SeveralWorldOptions {
  readonly host?: Host
  /** Options beside `providers`, or in place of it. */
  readonly oidc?: (options: SeveralWorld['options']) => Partial<ProvidersOptions>
  readonly provider?: RealProviderOptions
  /** Further clients at both providers. */
  readonly clients?: (origin: string) => readonly WebClient[]
  readonly before?: readonly Layer[]
  readonly layers?: readonly Layer[]
}

const [firstHost] = hosts as readonly [Host]

/** Starts two real providers, and an application at which people choose between them. */
export async function startSeveral(options: SeveralWorldOptions = {}): Promise<SeveralWorld> {
  const { host = firstHost, before = [], layers = [] } = options
  const clock = Clock.real()
  let at: SeveralWorld['at'] | undefined
  let own: SeveralWorld['options'] | undefined
  const app = await startAppOfProviders(host, clock, async (origin) => {
    const start = async (name: string) => {
      const client = webClient(origin, {
        client_id: `app-at-${name}`,
        redirect_uris: [`${origin}/callback/${name}`],
        backchannel_logout_uri: `${origin}/backchannel-logout/${name}`,
        backchannel_logout_session_required: true,
      })
      const clients = [client, ...(options.clients?.(origin) ?? [])]
      const provider = await startRealProvider({ ...options.provider, clients })
      const { client_id: clientId, client_secret: clientSecret } = client
      return { provider, options: { issuer: provider.issuer, clientId, clientSecret } }
    }
    const [google, work] = await Promise.all([start('google'), start('work')])
    at = { google: google.provider, work: work.provider }
    own = { google: { ...google.options, label: 'Google & friends' }, work: work.options }
    return {
      options: { providers: own, baseUrl: origin, secret, ...options.oidc?.(own) },
      layers: (oidc) => [...before, oidc, ...layers, ...usualLayers],
    }
  })
  if (at === undefined || own === undefined) throw new Error('the providers have not started')
  const { google, work } = at
  const browser = new Browser()
  const url = (path: string): string => app.host.url + path
  return {
    at,
    options: own,
    host: app.host,
    app: app.oidc,
    browser,
    clock,
    url,
    signIn: (name, used = browser) => used.navigate(url(`/login/${name}`), { follow: true }),
    who: async (used = browser) => (await used.fetch(url('/me'))).json(),
    close: async () => {
      await app.close()
      await Promise.all([google.close(), work.close()])
    },
  }
}

const usualLayers: readonly Layer[] = [
  {
    method: 'GET',
    path: '/me',
    handlers: [
      (req, res) => {
        const { oidc, auth } = req as AppRequest & { auth?: Principal }
        json(
          res,
          auth === undefined ? null : { at: oidc.provider, by: auth.provider, sub: auth.subject, iss: auth.issuer },
        )
      },
    ],
  },
  {
    method: 'GET',
    path: '/private',
    handlers: [requireAuth(), (req, res) => json(res, { sub: (req as AppRequest).auth?.subject })],
  },
  { method: 'GET', path: '/', handlers: [(_req, res) => res.end('home')] },
]
