import { setImmediate as nextTurn } from 'node:timers/promises'
import { type OidcMiddleware, type OidcOptions, OidcError } from '../../lib/index.js'
import type { Host } from '../hosts/hosts.js'
import { startApp } from '../kit/app.js'
import { Clock } from '../kit/clock.js'
import { answering } from '../kit/world/applications.js'
import type { Journal, Layer } from '../hosts/layers.js'
import type { RegisteredClient } from './demands.js'
import { type SigningVariant, certificateHeader, certificateThumbprint, clientKey, dpopKey } from './message-signing.js'
import type { Module } from './modules.js'
import { type HostileProvider, startHostileProvider } from './provider.js'

/** An application under test, and the provider that it is set up with. */
export interface Run {
  readonly provider: HostileProvider
  readonly baseUrl: string
  readonly journal: Journal
  /** Moves the application's clock. */
  readonly advance: (seconds: number) => void
  /** Fetches metadata and keys ahead of the first request. */
  readonly warmUp: () => Promise<void>
  /** Codes of the errors that reached the application's error handler, or the error's name where it is not ours. */
  readonly errors: () => readonly string[]
  /** Resolves when every request that the library has started, in the background too, is over. */
  readonly settled: () => Promise<void>
  readonly close: () => Promise<void>
}

/** What of a module decides how the two are set up. */
export type RunModule = Pick<Module, 'faults' | 'algorithm' | 'authorizationParams'> & {
  readonly plan: string
  readonly signing?: SigningVariant
}

/** Starts the application and the provider of one module. */
export async function startRun(module: RunModule, host: Host): Promise<Run> {
  const { tracked, settled } = trackedFetch()
  let baseUrl = ''
  const app = await startApp(host, Clock.real(), async (origin) => {
    baseUrl = isFormPost(module) ? behindTls(origin) : origin
    const { client, provider } = await startProviderOf(module, baseUrl)
    const options: OidcOptions = {
      issuer: provider.issuer,
      clientId: client.clientId,
      clientSecret: client.clientSecret,
      clientAuthentication: client.authentication,
      baseUrl,
      secret: 'of at least thirty-two characters',
      idTokenSigningAlg: module.algorithm ?? 'RS256',
      authorizationParams: module.authorizationParams ?? {},
      fetch: tracked,
      ...signingOptions(module, tracked),
    }
    return { provider, options, layers: application, close: () => provider.close() }
  })
  const { provider, oidc, clock, close } = app
  const { journal } = app.host
  return {
    provider,
    baseUrl,
    journal,
    advance: (seconds) => clock.advance(seconds),
    warmUp: async () => {
      await oidc.ready()
    },
    errors: () => journal.errors.map(codeOf),
    settled,
    close,
  }
}

/** Options of a client that signs its messages. A `fetch` stands for the connection that presents its certificate. */
function signingOptions({ signing }: RunModule, fetch: OidcOptions['fetch']): Partial<OidcOptions> {
  if (signing === undefined) return {}
  const { authentication, senderConstraint, response } = signing
  const isMutualTls = authentication === 'mtls' || senderConstraint === 'mtls'
  return {
    clientSecret: undefined,
    clientAuthentication: authentication === 'mtls' ? 'tls_client_auth' : authentication,
    clientKeys: { current: { privateKey: clientKey.privateKey, kid: clientKey.kid } },
    ...(senderConstraint === 'dpop' ? { dpop: { privateKey: dpopKey.privateKey.export({ format: 'jwk' }) } } : {}),
    ...(response === 'jarm' ? { authorizationParams: { response_mode: 'jwt' } } : {}),
    ...(isMutualTls ? { fetch: presenting(fetch) } : {}),
  }
}

function presenting(inner: OidcOptions['fetch'] = fetch): typeof fetch {
  return (input, init = {}) => {
    const headers = new Headers(init.headers)
    headers.set(certificateHeader, certificateThumbprint)
    return inner(input, { ...init, headers })
  }
}

// A posted response comes from the provider's site, and brings a cookie along only if that is SameSite=None and Secure.
function behindTls(origin: string): string {
  return origin.replace(/^http:/, 'https:')
}

function isFormPost({ authorizationParams }: RunModule): boolean {
  return authorizationParams?.response_mode === 'form_post'
}

async function startProviderOf(module: RunModule, baseUrl: string) {
  const client: RegisteredClient = {
    clientId: 'hostile-client',
    clientSecret: 'a secret of + % : and / signs, long enough',
    authentication: 'client_secret_basic',
    redirectUri: `${baseUrl}/callback`,
    postLogoutRedirectUri: `${baseUrl}/`,
    ...(isFormPost(module) ? { responseMode: 'form_post' } : {}),
    ...(module.plan.includes('back-channel') ? { backchannelLogoutUri: `${baseUrl}/backchannel-logout` } : {}),
    ...(module.plan.includes('front-channel') ? { frontchannelLogoutUri: `${baseUrl}/frontchannel-logout` } : {}),
  }
  const provider = await startHostileProvider({
    client,
    faults: module.faults,
    algorithm: module.algorithm ?? 'RS256',
    sendsIssuer: module.plan.startsWith('fapi2') && module.signing?.response !== 'jarm',
    ...(module.signing === undefined ? {} : { signing: module.signing }),
  })
  return { client, provider }
}

function application(login: OidcMiddleware): readonly Layer[] {
  return [
    login,
    answering('/id-token', ({ oidc }) => oidc.idToken),
    answering('/', ({ oidc }) => ({ authenticated: oidc.isAuthenticated() })),
    answering('/token', async ({ oidc }) => {
      await oidc.accessToken()
      return {}
    }),
    answering('/userinfo', ({ oidc }) => oidc.userinfo()),
  ]
}

function codeOf(error: unknown): string {
  if (error instanceof OidcError) return error.code
  return error instanceof Error ? error.name : typeof error
}

/** A `fetch` that remembers which of its answers have not been read to their end. */
function trackedFetch(): { tracked: typeof fetch; settled: () => Promise<void> } {
  const pending = new Set<Promise<unknown>>()
  return {
    tracked: async (...request) => {
      const response = fetch(...request)
      const read = response.then((received) => received.clone().arrayBuffer())
      pending.add(read)
      const over = () => pending.delete(read)
      read.then(over, over)
      return response
    },
    settled: async () => {
      do {
        await Promise.allSettled(pending)
        // What the library does with the last answer, such as asking again, it does before this turn is over.
        await nextTurn()
      } while (pending.size > 0)
    },
  }
}
