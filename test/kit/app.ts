import type { IncomingMessage, ServerResponse } from 'node:http'
import { type OidcMiddleware, createOidc } from '../../lib/middleware/oidc.js'
import type { OidcHandle, OidcOptions, Principal } from '../../lib/index.js'
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

/** Starts an application on a host, with a clock that a test moves. */
export async function startApp<P>(
  host: Host,
  clock: Clock,
  setUp: (origin: string) => AppSetup<P> | Promise<AppSetup<P>>,
): Promise<App<P>> {
  let built: (AppSetup<P> & Pick<App<P>, 'oidc'>) | undefined
  const running = await host.start(async ({ baseUrl: origin }) => {
    const setup = await setUp(origin)
    const oidc = createOidc(parseOidcOptions(setup.options), clock)
    built = { ...setup, oidc }
    return setup.layers(oidc)
  })
  if (built === undefined) throw new Error('the host has not built the application')
  const { provider, options, oidc, close: closeProvider } = built
  const close = async () => {
    oidc.close()
    await Promise.all([closeProvider?.(), running.close()])
  }
  return { provider, options, host: running, oidc, clock, close }
}

/** Writes JSON on any host. */
export function json(res: ServerResponse, value: unknown): void {
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify(value))
}
