import { createServer } from 'node:http'
import request from 'supertest'
import { createOidc } from '../../lib/middleware/oidc-middleware.js'
import { parseOidcOptions } from '../../lib/options/oidc/schema.js'
import { CookieJar } from '../../lib/testing/cookie-jar.js'
import { type AppRequest, json } from '../kit/app.js'
import { Clock } from '../kit/clock.js'
import { listen } from '../kit/listen.js'
import { json as answer } from '../kit/provider/answers.js'
import { rsaKey, signJws } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'
import { FakeStore } from '../kit/stores/memory.js'

/** Where sessions are: in cookies, in cookies with logouts in a shared store, or in a store. */
export type StorageName = 'cookie' | 'shared' | 'store'

/** What one entry of a store holds, by its name. */
export type Entries = Readonly<Record<string, string>>

/** The application of the records, with options that never change: what an older version wrote is opened with the same ones. */
export interface Application {
  readonly clock: Clock
  /** What is in the store now. */
  entries(): Entries
  visit(path: string, jar: CookieJar): Promise<Answer>
  /** What the provider answers a login with: the path of the callback. */
  approve(authorizationUrl: string): string
  /** Signs alice in. */
  signIn(jar: CookieJar): Promise<void>
  close(): Promise<unknown>
}

/** An answer of the application. */
export interface Answer {
  readonly status: number
  readonly location: string
  readonly text: string
}

const options = {
  issuer: 'https://issuer.example',
  clientId: 'client-1',
  clientSecret: 'secret-1',
  baseUrl: 'https://app.example.com',
  secret: 'the-secret-of-records-that-tests-open-is-no-secret',
  pages: false,
} as const

/** Starts it, with what its store holds already. */
export async function startApplication(storage: StorageName, entries: Entries = {}): Promise<Application> {
  const clock = new Clock()
  const provider = new FakeProvider({ issuer: options.issuer, clock })
  const store = new FakeStore(clock)
  for (const [name, value] of Object.entries(entries)) await store.set(name, value, 86_400_000)
  const stores = { cookie: {}, shared: { sharedStore: store }, store: { session: { store }, sharedStore: store } }
  const oidc = createOidc(parseOidcOptions({ ...options, fetch: provider.fetch, ...stores[storage] }), clock)
  let nonce = ''
  provider.answers['/token'] = () => {
    const claims = provider.claims({ sub: 'alice', sid: 'session-1', nonce })
    const idToken = signJws({ alg: 'RS256', kid: rsaKey.kid }, claims, rsaKey)
    const tokens = { access_token: 'access-1', refresh_token: 'refresh-1', token_type: 'Bearer', expires_in: 3600 }
    return answer({ ...tokens, id_token: idToken, scope: 'openid' })
  }
  const server = createServer((req, res) =>
    oidc(req, res, (error) => {
      const { oidc: handle } = req as AppRequest
      if (error !== undefined) res.statusCode = 500
      json(res, error === undefined ? { sub: handle.user?.sub ?? null } : { error: String(error) })
    }),
  )
  const { origin: url, close } = await listen(server)

  const visit: Application['visit'] = async (path, jar) => {
    const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    const headers = { ...navigation, 'sec-fetch-site': 'same-origin', cookie: jar.header }
    const response = await request(url).get(path).set(headers).redirects(0)
    jar.take([response.headers['set-cookie'] ?? []].flat())
    return { status: response.status, location: response.headers['location'] ?? '', text: response.text }
  }
  const approve: Application['approve'] = (authorizationUrl) => {
    const { searchParams } = new URL(authorizationUrl)
    nonce = searchParams.get('nonce') ?? ''
    return `/callback?${new URLSearchParams({ code: 'code-1', state: searchParams.get('state') ?? '' }).toString()}`
  }
  return {
    clock,
    entries: () => Object.fromEntries(store.contents()),
    visit,
    approve,
    async signIn(jar) {
      const { location } = await visit('/login', jar)
      await visit(approve(location), jar)
    },
    close,
  }
}
