import type { IncomingMessage, ServerResponse } from 'node:http'
import { type OidcMiddleware, createOidc, createOidcOfSeveral } from '../../lib/middleware/oidc-middleware.js'
import type { OidcHandle, OidcOptions, Principal, ProvidersHealth, ProvidersOptions } from '../../lib/index.js'
import { parseProvidersOptions } from '../../lib/options/oidc/providers/parse-providers.js'
import { parseOidcOptions } from '../../lib/options/oidc/schema.js'
import type { Host, RunningHost } from '../hosts/hosts.js'
import type { Layer } from '../hosts/layers.js'
import type { Clock } from './clock.js'

/** A request as handlers behind the middleware see it. */
export type AppRequest = IncomingMessage & { oidc: OidcHandle; auth?: Principal }

/** How an application is made, once its origin is known. */
export interface AppSetup<P> {
  readonly provider: P
  readonly options: OidcOptions
  /** All layers of the application, with `oidc()` among them. */
  readonly layers: (oidc: OidcMiddleware) => readonly Layer[]
  /** Closes the provider, where it has sockets. */
  readonly close?: () => Promise<unknown>
}

/** An application on one host, and its provider. */
export interface App<P> {
  readonly provider: P
  readonly options: OidcOptions
  readonly host: RunningHost
  readonly oidc: OidcMiddleware
  readonly clock: Clock
  /** Closes the application and its provider. */
  close(): Promise<void>
}

// Most tests are about the error itself, which error handlers get. A store that a test holds back must not be too slow by that.
const usual = <Options extends Pick<OidcOptions, 'session'>>(options: Options) => ({
  pages: false,
  ...options,
  session: { storeTimeoutSeconds: 60, ...options.session },
})

/** Starts an application on a host, with a clock that a test moves. */
export async function startApp<P>(
  host: Host,
  clock: Clock,
  setUp: (origin: string) => AppSetup<P> | Promise<AppSetup<P>>,
): Promise<App<P>> {
  let options: OidcOptions | undefined
  const started = await start(host, async (origin) => {
    const setup = await setUp(origin)
    options = setup.options
    return { ...setup, oidc: createOidc(parseOidcOptions(usual(setup.options)), clock) }
  })
  if (options === undefined) throw new Error('the host has not built the application')
  return { ...started, options, clock }
}

/** An application with several providers on one host. */
export type ProvidersApp = Pick<App<unknown>, 'host' | 'close'> & { readonly oidc: OidcMiddleware<ProvidersHealth> }

/** Starts an application with several providers on a host, with a clock that a test moves. */
export function startAppOfProviders(
  host: Host,
  clock: Clock,
  setUp: (origin: string) => Promise<{
    readonly options: ProvidersOptions
    readonly layers: (oidc: OidcMiddleware<ProvidersHealth>) => readonly Layer[]
  }>,
): Promise<ProvidersApp> {
  return start(host, async (origin) => {
    const setup = await setUp(origin)
    const options = parseProvidersOptions(usual(setup.options))
    return { ...setup, provider: undefined, oidc: createOidcOfSeveral(options, clock) }
  })
}

interface Built<P, Oidc> {
  readonly provider: P
  readonly oidc: Oidc
  readonly layers: (oidc: Oidc) => readonly Layer[]
  readonly close?: () => Promise<unknown>
}

async function start<P, Oidc extends { close(): void }>(
  host: Host,
  build: (origin: string) => Promise<Built<P, Oidc>>,
) {
  let built: Built<P, Oidc> | undefined
  const running = await host.start(async ({ baseUrl: origin }) => {
    built = await build(origin)
    return built.layers(built.oidc)
  })
  if (built === undefined) throw new Error('the host has not built the application')
  const { provider, oidc, close: closeProvider } = built
  const close = async () => {
    oidc.close()
    await Promise.all([closeProvider?.(), running.close()])
  }
  return { provider, host: running, oidc, close }
}

/** Writes JSON on any host. */
export function json(res: ServerResponse, value: unknown): void {
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify(value))
}
