import express from 'express'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { oidc } from '../../lib/index.js'
import { OidcError } from '../../lib/errors.js'
import type { RegisteredClient } from './demands.js'
import { listen } from './listen.js'
import type { Module } from './modules.js'
import { startHostileProvider } from './provider.js'
import type { HostileProvider } from './provider.js'

/** An application under test, and the provider that it is set up with. */
export interface Run {
  readonly provider: HostileProvider
  readonly baseUrl: string
  /** Fetches metadata and keys ahead of the first request. */
  readonly warmUp: () => Promise<void>
  /** Codes of the errors that reached the application's error handler, or the error's name where it is not ours. */
  readonly errors: readonly string[]
  /** Resolves when every request that the library has started, in the background too, is over. */
  readonly settled: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts the application and the provider of one module. */
export async function startRun(module: Module): Promise<Run> {
  let handler: RequestListener = (_request, response) => void response.writeHead(503).end()
  const app = await listen(createServer((request, response) => handler(request, response)))
  const client = registration(app.origin, module)
  const provider = await startHostileProvider({
    client,
    faults: module.faults,
    algorithm: module.algorithm ?? 'RS256',
    sendsIssuer: module.plan.startsWith('fapi2'),
  })
  const { tracked, settled } = trackedFetch()
  const login = oidc({
    issuer: provider.issuer,
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    clientAuthentication: client.authentication,
    baseUrl: app.origin,
    secret: 'of at least thirty-two characters',
    idTokenSigningAlg: module.algorithm ?? 'RS256',
    authorizationParams: module.authorizationParams ?? {},
    fetch: tracked,
  })
  const errors: string[] = []
  handler = application(login, errors)
  return {
    provider,
    baseUrl: app.origin,
    warmUp: () => login.ready(),
    errors,
    settled,
    close: async () => {
      await login.close()
      await Promise.all([app.close(), provider.close()])
    },
  }
}

function registration(baseUrl: string, { authorizationParams }: Module): RegisteredClient {
  return {
    clientId: 'hostile-client',
    clientSecret: 'a secret of + % : and / signs, long enough',
    authentication: 'client_secret_basic',
    redirectUri: `${baseUrl}/callback`,
    postLogoutRedirectUri: `${baseUrl}/`,
    ...(authorizationParams?.response_mode === 'form_post' ? { responseMode: 'form_post' } : {}),
  }
}

function application(login: ReturnType<typeof oidc>, errors: string[]): RequestListener {
  const app = express()
  app.use(login)
  app.get('/', (req, res) => void res.json({ authenticated: req.oidc.isAuthenticated() }))
  app.get('/userinfo', async (req, res) => void res.json(await req.oidc.userinfo()))
  app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    errors.push(error instanceof OidcError ? error.code : error.name)
    res.status(error instanceof OidcError ? error.status : 500).json({})
  })
  return app
}

/** A `fetch` that remembers which of its answers have not been read to their end. */
function trackedFetch(): { tracked: typeof fetch; settled: () => Promise<void> } {
  const pending = new Set<Promise<unknown>>()
  return {
    tracked: async (...request) => {
      const answer = fetch(...request)
      const read = answer.then((response) => response.clone().arrayBuffer())
      pending.add(read)
      const over = () => pending.delete(read)
      read.then(over, over)
      return answer
    },
    settled: async () => {
      do {
        await Promise.allSettled(pending)
        // What the library does with the last answer, such as asking again, happens before this turn of the loop is over.
        await nextTurn()
      } while (pending.size > 0)
    },
  }
}
