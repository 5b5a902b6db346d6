import { afterEach, expect, jest, test } from '@jest/globals'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import {
  claim,
  errorPages,
  oidc,
  type OidcMiddleware,
  requireAuth,
  resourceMetadata,
  type OidcOptions,
} from '../../../lib/index.js'
import type { AppRequest } from '../../kit/app.js'
import { Browser } from '../../hosts/client.js'
import { codeOf } from '../../kit/world/steps.js'
import { listen } from '../../kit/listen.js'
import { startRealProvider, webClient } from '../../provider-real/provider.js'
import { secret } from '../../kit/world/world.js'

/** What of Polka 0.5 a test uses: it has no types. */
interface Polka {
  use(...handlers: readonly unknown[]): Polka
  get(path: string, ...handlers: readonly unknown[]): Polka
  readonly handler: RequestListener
}

const polka = createRequire(import.meta.url)('polka') as (options?: { readonly onError: unknown }) => Polka

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** Polka, whose default error handler takes `code` for the status, and a person who is signed in. */
async function start(layers: (app: Polka, login: OidcMiddleware) => void, options?: { readonly onError: unknown }) {
  let listener: RequestListener = (_req, res) => void res.writeHead(503).end()
  const { origin, close } = await listen(createServer((req, res) => listener(req, res)))
  const client = webClient(origin)
  const provider = await startRealProvider({ clients: [client] })
  const { client_id: clientId, client_secret: clientSecret } = client
  const settings = { issuer: provider.issuer, clientId, clientSecret, baseUrl: origin, secret, pages: false }
  const login = oidc(settings as OidcOptions)
  endings.push(
    close,
    () => provider.close(),
    () => login.close(),
  )
  const app = polka(options)
  layers(app, login)
  listener = app.handler
  const browser = new Browser()
  const url = (path: string): string => origin + path
  return { browser, url }
}

const refused = requireAuth(claim('dept', 'elsewhere'))
const guard = requireAuth()
const early: typeof guard = (req, res, next) => (req.url === '/early' ? guard(req, res, next) : next())
const home = (_req: unknown, res: { end(text: string): void }): void => res.end('home')

test('an error handler that takes "code" for the status ends no process: resourceMetadata() below another path', async () => {
  const authorizationServers = ['https://id.example.com']
  const metadata = resourceMetadata({ resource: 'https://api.example.com', authorizationServers })
  const { browser, url } = await start((app) => app.use('/elsewhere', metadata))
  const answer = await browser.fetch(url('/elsewhere/x'))
  expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
})

test.each([
  ['a guard', 403, 'not_allowed', '/refused'],
  ['a guard without oidc() before it', 500, 'not_mounted', '/early'],
  ['a route of ours', 405, 'method_not_allowed', '/login', 'PUT'],
])(
  'an error handler that takes "code" for the status ends no process: %s',
  async (_what, status, code, path, method = 'GET') => {
    const { browser, url } = await start((app, login) =>
      app.use(early).use(login).get('/refused', refused, home).get('/', home),
    )
    expect((await browser.navigate(url('/login'), { follow: true })).text).toBe('home')
    const answer = await browser.navigate(url(path), { method })
    expect([answer.status, codeOf(answer)]).toEqual([status, code])
    expect((await browser.navigate(url('/'))).text).toBe('home')
  },
)

test('errorPages() is an error handler of Polka', async () => {
  const { browser, url } = await start(
    (app, login) =>
      app.use(login).get('/token', (req: AppRequest, _res: unknown, next: (error: unknown) => void) => {
        req.oidc.accessToken({ resource: 'https://api.example.com' }).catch(next)
      }),
    { onError: errorPages() },
  )
  const answer = await browser.fetch(url('/token'))
  expect([answer.status, answer.headers['content-type']]).toEqual([401, 'application/problem+json'])
})

test('errorPages() as the only error handler of Polka answers what it would pass on', async () => {
  const { browser, url } = await start(
    (app, login) =>
      app
        .use(early)
        .use(login)
        .get('/broken', (_req: unknown, _res: unknown, next: (error: unknown) => void) => {
          next(new Error('broken'))
        }),
    { onError: errorPages() },
  )
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  endings.push(() => warn.mockRestore())
  const page = await browser.navigate(url('/early'))
  expect([page.status, page.text.includes('not_mounted'), page.text.includes('mount one')]).toEqual([500, true, false])
  expect(warn.mock.calls).toEqual([[expect.any(String), { type: 'ConfigurationError', code: 'not_mounted' }]])
  const broken = await browser.navigate(url('/broken'))
  expect([broken.status, broken.text]).toEqual([500, ''])
})
