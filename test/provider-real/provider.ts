import './hush.js'
import { type IncomingMessage, type RequestListener, type ServerResponse, createServer } from 'node:http'
import Provider from 'oidc-provider'
import type { ClientMetadata, Configuration } from 'oidc-provider'
import { type Accounts, defaultAccounts } from './accounts.js'
import { configuration } from './configuration.js'
import { listen } from '../kit/listen.js'
import { finishInteraction, interactionPath } from './interactions.js'
import { confirmLogout } from './logout.js'

/** What a test may want to be different. */
export interface RealProviderOptions {
  /** Beside `machine`, which is always there; {@link webClient} makes one for an application. */
  readonly clients?: readonly ClientMetadata[]
  readonly accounts?: Accounts
  /** Who signs in without a `login_hint`. Default `alice`. */
  readonly defaultAccount?: string
  /** From weak to strong. Default `urn:example:password`, `urn:example:mfa`. */
  readonly acrValues?: readonly string[]
  /** Scopes by resource indicator. Default: `https://api.example.com` with `orders:read orders:write`. */
  readonly resources?: Readonly<Record<string, string>>
  /** Seconds. Default 600. */
  readonly accessTokenTtl?: number
  /** Laid over oidc-provider's configuration, key by key; `features` too. */
  readonly overrides?: Configuration
}

/** An authorization server that runs. */
export interface RealProvider {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly issuer: string
  readonly provider: Provider
  /** The credentials of the client that may do nothing but client credentials. */
  readonly machine: { readonly clientId: string; readonly clientSecret: string }
  /** The requests so far, such as `POST /token`, in order. */
  readonly requests: readonly string[]
  /** Ends all connections and frees the port. */
  close(): Promise<void>
}

const secretOf = (clientId: string) => `secret-of-${clientId}-`.padEnd(48, '0')

/** Metadata of a confidential web application at an origin: `/callback`, code and refresh grants, logout to its root. */
export function webClient(
  baseUrl: string,
  { client_id: clientId = 'web', ...overrides }: WebOverrides = {},
): WebClient {
  return {
    client_secret: secretOf(clientId),
    redirect_uris: [`${baseUrl}/callback`],
    post_logout_redirect_uris: [baseUrl, `${baseUrl}/`],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    client_id: clientId,
    ...overrides,
  }
}

/** Metadata of a client that has a secret. */
export type WebClient = ClientMetadata & { readonly client_secret: string }

/** What an application may say otherwise, in RFC 7591's names. */
export type WebOverrides = Partial<WebClient>

/**
 * Starts a real `oidc-provider` on a free port of 127.0.0.1: PKCE required, refresh tokens rotate, JWT access tokens
 * for named resources, form_post and JARM, PAR, DPoP, introspection, revocation, RP-initiated and back-channel logout.
 * No page ever waits for a person: `login_hint` says who signs in, an unknown name refuses, logout confirms itself.
 */
export async function startRealProvider(options: RealProviderOptions = {}): Promise<RealProvider> {
  let listener: RequestListener = (_req, res) => void res.writeHead(503).end()
  const requests: string[] = []
  const server = createServer((req, res) => {
    requests.push(`${req.method} ${pathOf(req)}`)
    listener(req, res)
  })
  const { origin: issuer, close } = await listen(server)
  const provider = makeProvider(issuer, options)
  listener = listenerOf(provider, options)
  const machine = { clientId: 'machine', clientSecret: secretOf('machine') }
  return { issuer, provider, machine, requests, close }
}

function makeProvider(issuer: string, options: RealProviderOptions): Provider {
  const machine: ClientMetadata = {
    client_id: 'machine',
    client_secret: secretOf('machine'),
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  }
  const settings = {
    clients: [machine, ...(options.clients ?? [])],
    accounts: options.accounts ?? defaultAccounts,
    acrValues: acrValuesOf(options),
    resources: options.resources ?? { 'https://api.example.com': 'orders:read orders:write' },
    accessTokenTtl: options.accessTokenTtl ?? 600,
    overrides: options.overrides ?? {},
  }
  const provider = new Provider(issuer, configuration(settings))
  provider.use(confirmLogout)
  return provider
}

function listenerOf(provider: Provider, options: RealProviderOptions): RequestListener {
  const { accounts = defaultAccounts, defaultAccount = 'alice' } = options
  const decider = { provider, accounts, defaultAccount, acrValues: acrValuesOf(options) }
  const handle = provider.callback()
  return (req: IncomingMessage, res: ServerResponse) => {
    if (!pathOf(req).startsWith(`${interactionPath}/`)) return void handle(req, res)
    finishInteraction(decider, req, res).catch((error: unknown) => {
      res.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
    })
  }
}

function acrValuesOf({
  acrValues = ['urn:example:password', 'urn:example:mfa'],
}: RealProviderOptions): readonly string[] {
  return acrValues
}

function pathOf(req: IncomingMessage): string {
  return (req.url ?? '').split('?', 1)[0] ?? ''
}
