// Compiled by tsc in a project that has installed the package: what must not compile says so.
import express, { type Request } from 'express'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import {
  type OidcOptions,
  type Principal,
  all,
  any,
  bearer,
  claim,
  csrf,
  errorPages,
  mcpAuthInfo,
  not,
  OidcError,
  oidc,
  optionsFromEnv,
  requireAuth,
  role,
  scope,
  signInAgain,
} from 'express-oidc'
import { keycloak } from 'express-oidc/providers'
import { redisStore, type RedisClient } from 'express-oidc/redis'
import { signedIn } from 'express-oidc/testing'

const options: OidcOptions = {
  issuer: 'https://issuer.example.com',
  clientId: 'web',
  clientSecret: 'secret',
  baseUrl: 'https://app.example.com',
  secret: '0123456789abcdef0123456789abcdef',
}

// Claims that this application's provider issues, for all of its files.
declare module 'express-oidc' {
  interface Claims {
    org?: string
  }
  interface SessionClaims {
    dept: 'hr' | 'sales'
  }
  interface AccessTokenClaims {
    tenant?: string
  }
}

const app = express()
// The form with one provider is the last: `ReturnType` reads that one, and TypeScript 7 reports mistakes by no other.
const auth: ReturnType<typeof oidc> = oidc(options)
app.use(auth)
app.use(
  oidc({
    ...options,
    onLogin: (login, req) => {
      const dept: 'hr' | 'sales' = login.claims.dept
      return { data: { dept, ip: req.ip }, remember: true }
    },
    onError: (error, { req, res, next, retryUrl }) => {
      if (error.code === 'access_denied') res.status(error.status).render('cancelled', { retryUrl, path: req.path })
      else next(error)
    },
  }),
)
const ofNode: OidcOptions<{ team: string }, IncomingMessage, ServerResponse> = {
  ...optionsFromEnv(),
  onLogin: ({ claims }, req) => ({ data: { team: claims.team, url: req.url } }),
  onError: (error, { res }) => void res.writeHead(error.status).end(),
}
app.use(oidc(ofNode))
app.use(
  bearer({
    issuer: 'https://issuer.example.com',
    audience: 'api',
    check: ({ claims }, req) => claims.tenant === req.get('x-tenant'),
    onError: (error, { res }) => void res.status(error.status).json({ code: error.code }),
  }),
)
app.get('/dept', requireAuth(), (req, res) => {
  const dept: 'hr' | 'sales' | undefined = req.oidc.user?.dept
  const same: 'hr' | 'sales' | undefined = req.auth?.claims.dept
  const tenant: string | undefined = req.auth?.claims.tenant
  const other: unknown = req.oidc.user?.other
  const org: string | undefined = req.oidc.user?.org ?? req.auth?.claims.org
  res.json({ dept, same, tenant, other, org })
})
const isHr = (principal: Principal<{ dept: string }>) => principal.claims.dept === 'hr'
const isAdult = (principal: Principal<{ age: number }>, req: Request<{ id: string }>) =>
  principal.claims.age >= 18 && principal.subject === req.params.id
app.get('/hr', requireAuth(isHr), (_req, res) => void res.sendStatus(204))
app.get('/people/:id', requireAuth(any(role('admin'), isAdult)), (_req, res) => void res.sendStatus(204))
app.get(
  '/mine/:id',
  requireAuth((principal, req) => principal.subject === req.params['id']),
  (_req, res) => void res.sendStatus(204),
)
app.use(oidc({ ...optionsFromEnv() }))

app.get('/profile', requireAuth(), (req, res) => {
  const principal: Principal | undefined = req.auth
  const subject: string | undefined = req.auth?.subject
  const signedIn: boolean = req.oidc.isAuthenticated()
  res.json({ subject, signedIn, scopes: principal?.scopes })
})
app.delete(
  '/orders/:id',
  requireAuth(all(scope('orders:write'), any(claim('dept', 'hr'), role('admin')), not(claim('suspended', true)))),
  (_req, res) => void res.sendStatus(204),
)
app.get(
  '/own',
  requireAuth((principal) => principal.subject === 'alice'),
  (_req, res) => void res.sendStatus(204),
)
app.use((error: unknown, _req: express.Request, res: express.Response, next: express.NextFunction) => {
  if (error instanceof OidcError) res.status(error.status).json({ code: error.code })
  else next(error)
})

// The MCP SDK's AuthInfo, and a transport's method that wants it.
interface AuthInfo {
  token: string
  clientId: string
  scopes: string[]
  expiresAt?: number
  resource?: URL
  extra?: Record<string, unknown>
}
declare const handleRequest: (
  req: import('node:http').IncomingMessage & { auth?: AuthInfo },
  res: express.Response,
  body?: unknown,
) => Promise<void>
app.post('/mcp', bearer({ issuer: 'https://issuer.example.com', audience: 'mcp' }), (req, res) =>
  handleRequest(Object.assign(req, { auth: mcpAuthInfo(req.auth) }), res, req.body),
)
// Where the SDK's own middleware for Express declares `req.auth`.
declare const declared: AuthInfo | undefined
export const info: AuthInfo = mcpAuthInfo(declared)

const signIn = oidc(options)
createServer((req, res) => signIn(req, res, () => res.end()))

// @ts-expect-error An issuer, a client and a secret are required.
oidc({})
// @ts-expect-error So is the issuer alone.
oidc({ clientId: 'web', baseUrl: 'https://app.example.com', secret: '0123456789abcdef0123456789abcdef' })
// @ts-expect-error The cookie secret too.
oidc({ issuer: 'https://issuer.example.com', clientId: 'web', baseUrl: 'https://app.example.com' })
// @ts-expect-error An unknown option is a mistake.
oidc({ ...options, redirectUrl: 'https://app.example.com/callback' })
// @ts-expect-error A requirement is a function or made by this package.
requireAuth('admin')
// @ts-expect-error Scopes are strings.
scope(7)
// @ts-expect-error There is no such claim reader on the request.
app.get('/wrong', (req, res) => res.json(req.oidc.nonsense))
// @ts-expect-error It makes the middleware: it has to be called.
app.use(oidc)
// @ts-expect-error So does this one.
app.use(bearer)
// @ts-expect-error And this one.
app.use(csrf)
// @ts-expect-error And this one.
app.use(errorPages)
// @ts-expect-error And this one.
app.use(signInAgain)
// @ts-expect-error A guard too.
app.get('/uncalled', requireAuth, (_req: Request, res: express.Response) => void res.end())
// Its result is known all the same.
export const guard: ReturnType<typeof requireAuth> = requireAuth(
  { challenge: 'respond' },
  ({ claims }, req) => claims.dept === req.path,
)
// @ts-expect-error There is no such department.
export const isIt = (principal: Principal) => principal.claims.dept === 'it'

export const entries = (client: RedisClient) => [keycloak, redisStore(client), signedIn(signIn, { sub: 'alice' })]
