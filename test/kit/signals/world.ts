import { randomBytes } from 'node:crypto'
import type {
  OidcOptions,
  SecurityEvent,
  SignalsMiddleware,
  SignalsOptions,
  TransmitterOptions,
} from '../../../lib/index.js'
import { signals } from '../../../lib/index.js'
import { signedIn } from '../../../lib/testing/index.js'
import { type Host, hosts } from '../../hosts/hosts.js'
import type { Layer } from '../../hosts/layers.js'
import { type App, type AppRequest, json, startApp } from '../app.js'
import { Clock } from '../clock.js'
import { secret } from '../world/world.js'
import { TestTransmitter } from './transmitter.js'

/** An application whose sessions a transmitter may end. */
export interface SignalsWorld {
  readonly app: App<TestTransmitter>
  readonly transmitter: TestTransmitter
  readonly signals: SignalsMiddleware
  readonly clock: Clock
  /** What `onEvent` was called with. */
  readonly events: SecurityEvent[]
  /** A new session of a person, as a `Cookie` header. */
  signIn(sub?: string, claims?: Record<string, unknown>): Promise<string>
  /** Who is signed in with these cookies, or null. */
  who(cookie: string): Promise<unknown>
  /** Pushes a token. */
  push(token: string, headers?: Record<string, string>): Promise<PushAnswer>
  close(): Promise<void>
}

/** What a push was answered with. */
export interface PushAnswer {
  readonly status: number
  readonly headers: Headers
  readonly err: unknown
  readonly text: string
}

/** How it departs from the usual one. */
export interface SignalsWorldOptions {
  readonly host?: Host
  readonly clock?: Clock
  readonly oidc?: Partial<OidcOptions>
  readonly signals?: Partial<SignalsOptions>
  readonly transmitter?: Partial<TransmitterOptions>
  /** Layers before `signals()`. */
  readonly before?: readonly Layer[]
  /** The transmitter, if several processes have it. */
  readonly from?: TestTransmitter
}

const [firstHost] = hosts as readonly [Host]

/** Starts it. */
export async function startSignals(options: SignalsWorldOptions = {}): Promise<SignalsWorld> {
  const { clock = new Clock(), host = firstHost, before = [] } = options
  const transmitter = options.from ?? new TestTransmitter(clock)
  const { issuer } = transmitter
  const events: SecurityEvent[] = []
  let receiver: SignalsMiddleware | undefined
  const app = await startApp(host, clock, (baseUrl) => ({
    provider: transmitter,
    options: {
      issuer,
      clientId: 'web',
      clientSecret: 'secret',
      baseUrl,
      secret,
      fetch: transmitter.fetch,
      ...options.oidc,
    },
    layers: (oidc) => {
      receiver = signals({
        oidc,
        transmitters: [{ issuer, ...options.transmitter }],
        fetch: transmitter.fetch,
        onEvent: (event) => void events.push(event),
        ...options.signals,
      })
      return [...before, receiver, oidc, me]
    },
  }))
  const made = receiver
  if (made === undefined) throw new Error('the host has not built the application')
  return { ...worldOf(app, made), events, transmitter, clock }
}

function worldOf(app: App<TestTransmitter>, receiver: SignalsMiddleware) {
  return {
    app,
    signals: receiver,
    signIn: (sub = 'alice', claims: Record<string, unknown> = {}) =>
      signedIn(app.oidc, { sub, sid: `sid-${randomBytes(4).toString('hex')}`, ...claims }),
    who: async (cookie: string) => await (await fetch(`${app.host.url}/me`, { headers: { cookie } })).json(),
    push: (token: string, headers: Record<string, string> = {}) => pushTo(app.host.url, token, headers),
    close: async () => {
      receiver.close()
      await app.close()
    },
  }
}

const me: Layer = {
  method: 'GET',
  path: '/me',
  handlers: [(req, res) => json(res, (req as AppRequest).oidc.user?.sub ?? null)],
}

/** Pushes a token as transmitters do (RFC 8935 section 2.1). */
export async function pushTo(origin: string, body: string, headers: Record<string, string> = {}): Promise<PushAnswer> {
  const answer = await fetch(`${origin}/signals`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/secevent+jwt', accept: 'application/json', ...headers },
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type') === 'application/json'
  const { err = null } = isJson ? (JSON.parse(text) as { err?: unknown }) : {}
  return { status: answer.status, headers: answer.headers, err, text }
}
