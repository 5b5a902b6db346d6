import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { type TraceEvent, claim, requireAuth } from '../../lib/index.js'
import { Browser } from '../hosts/client.js'
import { answering, guarded } from '../kit/world/applications.js'
import { LogoutWorld } from '../kit/world/logout-world.js'
import { type World, startWorld } from '../kit/world/world.js'
import { FakeStore } from '../kit/stores/memory.js'
import { type Fault, faults } from '../kit/watching/faults.js'
import { faces, Marks } from '../kit/watching/marks.js'
import { watchAll } from '../kit/watching/watching.js'

const marks = new Marks()
const clientSecret = marks.plant('client')
const sessionSecret = marks.plant('session')
const sub = marks.plant('sub')
const person = { name: marks.plant('name'), email: `${marks.plant('mail')}@example.com`, dept: marks.plant('dept') }
const everything = [clientSecret, sessionSecret, sub, ...Object.values(person)].join(' ')

let fault: Fault = ({ answer }) => answer()
let faultyPath = /^$/
const use = (name: string, path: RegExp): void => {
  fault = faults[name] ?? fault
  faultyPath = path
}

/** The global fetch, with the fault of the moment where it is wanted; it remembers every secret that goes by. */
const faultyFetch: typeof fetch = async (url, init) => {
  const { pathname } = new URL(String(url))
  const sent = new URLSearchParams(init?.body as string)
  const authorization = new Headers(init?.headers).get('authorization') ?? ''
  const secrets = ['code', 'code_verifier', 'refresh_token', 'state', 'nonce']
  marks.add(...secrets.map((name) => sent.get(name)), authorization.split(' ')[1])
  const answer = async (): Promise<Response> => {
    const response = await fetch(url, init)
    if (pathname !== '/token') return response
    const body = (await response.clone().json()) as Record<string, string>
    marks.add(body['access_token'], body['refresh_token'], body['id_token']?.split('.').slice(1).join('.'))
    return response
  }
  return faultyPath.test(pathname)
    ? fault({ echo: `${String(sent)} ${authorization} ${everything}`, answer })
    : answer()
}

const seen: string[] = []
const steps = new Set<string>()
const codes = new Set<string>()
const hear = (event: TraceEvent): void => {
  seen.push(faces(event))
  steps.add(`${event.step} ${event.outcome ?? 'begun'}`)
  if (event.errorCode !== undefined) codes.add(event.errorCode)
}

const looked = new Set<unknown>()

function expectNothingSeen(world: World): void {
  const errors = world.host.journal.errors.filter((error) => !looked.has(error))
  for (const error of errors) looked.add(error)
  const texts = [...seen.splice(0), ...errors.map((error) => faces(error))]
  expect(texts.length).toBeGreaterThan(0)
  expect(texts.flatMap((text) => marks.leaksIn(text))).toEqual([])
}

describe('the diagnostics of a login', () => {
  const watching = watchAll(hear)
  const sharedStore = new FakeStore({ now: () => Date.now() })
  const layers = [
    guarded('/refused', requireAuth(claim('dept', 'another'))),
    answering('/token', async ({ oidc }) => void (await oidc.accessToken({ minTtl: 600 }))),
    answering('/userinfo', async ({ oidc }) => void (await oidc.userinfo())),
    answering('/api', async ({ oidc }) => void (await oidc.fetch(`https://api.example.com/${person.email}`))),
    answering('/large', ({ oidc }) =>
      oidc.update({ email: person.email, fill: randomBytes(12_000).toString('base64') }),
    ),
    answering('/leave', ({ oidc }) => oidc.logout()),
  ]
  const worlds: World[] = []
  let refusal: unknown

  beforeAll(async () => {
    const options = {
      client: { client_secret: clientSecret },
      provider: { accounts: { [sub]: person }, defaultAccount: sub, accessTokenTtl: 60 },
      layers,
    }
    const oidc = {
      fetch: faultyFetch,
      secret: sessionSecret,
      allowedOrigins: ['https://api.example.com'],
      authorizationParams: { login_hint: sub },
      onLogin: () => {
        if (refusal !== undefined) throw refusal
      },
    }
    worlds.push(
      await startWorld({ ...options, oidc }),
      await startWorld({ ...options, oidc: { ...oidc, session: { store: sharedStore } } }),
    )
  })
  afterAll(async () => {
    watching.stop()
    await Promise.all(worlds.map((world) => world.close()))
  })

  async function visit(browser: Browser, url: string, kind: 'navigate' | 'fetch' = 'navigate') {
    const answer = await browser.request(kind, url)
    for (const { name, value } of browser.cookies.all()) if (name.includes('oidc')) marks.add(value.split('.').at(-1))
    return answer
  }

  /** Goes through a login by hand, so that the callback's URL is known. */
  async function callbackUrl(world: World, browser: Browser): Promise<URL> {
    const target = encodeURIComponent(`/?secret=${marks.plant('target')}`)
    let url = world.url(`/login?returnTo=${target}`)
    for (let step = 0; step < 9 && !url.startsWith(world.url('/callback')); step++) {
      const parameters = new URL(url).searchParams
      marks.add(parameters.get('state'), parameters.get('nonce'))
      url = (await visit(browser, url)).location ?? world.url('/callback')
    }
    marks.add(new URL(url).searchParams.get('code'))
    return new URL(url)
  }

  const names = Object.keys(faults)
  const paths = ['/refused', '/token', '/userinfo', '/api', '/large', '/private', '/leave', '/logout', '/token']

  test('LK01: hold no secret, code, token, cookie or claim of a person, whichever way logins and renewals fail', async () => {
    const step = fc.tuple(fc.constantFrom(...paths), fc.constantFrom('navigate' as const, 'fetch' as const))
    const run = fc.record({
      which: fc.constantFrom(0, 1),
      atToken: fc.constantFrom('none', ...names),
      atUse: fc.constantFrom(...names),
      steps: fc.array(step, { minLength: 2, maxLength: 4 }),
    })
    const check = fc.asyncProperty(run, async ({ which, atToken, atUse, steps: visits }) => {
      const world = worlds[which] as World
      const browser = new Browser()
      const callback = await callbackUrl(world, browser)
      use(atToken, /^\/token$/)
      await visit(browser, callback.href)
      use('none', /^$/)
      await visit(browser, (await callbackUrl(world, browser)).href)
      // Half of what its tokens live: they are due.
      world.clock.advance(45)
      use(atUse, /^\/(token|me)$/)
      for (const [path, kind] of visits) await visit(browser, world.url(path), kind)
      use('none', /^$/)
      expectNothingSeen(world)
    })
    type Run = typeof run extends fc.Arbitrary<infer T> ? T : never
    const every = names.map((name, index): [Run] => [
      {
        which: index % 2 === 0 ? 0 : 1,
        atToken: name,
        atUse: name,
        steps: paths.map((path) => [path, 'fetch' as const]),
      },
    ])
    await fc.assert(check, { numRuns: every.length + 10, examples: every })
    for (const name of ['login', 'callback', 'refresh', 'logout', 'discovery', 'keys', 'request'])
      expect(steps).toContain(`${name} succeeded`)
    for (const name of ['callback', 'refresh', 'request']) expect(steps).toContain(`${name} failed`)
    for (const code of ['invalid_grant', 'provider_unreachable', 'provider_refused_client', 'token_signature_invalid'])
      expect(codes).toContain(code)
    expect(marks.size).toBeGreaterThan(50)
  })

  test.each([
    ['error', 'access_denied'],
    ['error_description', 'planted'],
    ['error', 'planted'],
    ['code', 'planted'],
    ['state', 'planted'],
    ['iss', 'planted'],
    ['iss', 'https://planted.example'],
    ['response', 'planted'],
    ['code', 'planted'.repeat(1000)],
  ])('LK01: hold nothing of a response whose %s is %.20s', async (name, text) => {
    for (const world of worlds) {
      const value = text.replaceAll('planted', marks.plant('planted').slice('planted-'.length))
      for (const alone of [true, false]) {
        const browser = new Browser()
        const url = await callbackUrl(world, browser)
        if (alone && name !== 'state') for (const other of ['code', 'iss']) url.searchParams.delete(other)
        url.searchParams.set(name, value)
        await visit(browser, url.href)
        await visit(browser, url.href, 'fetch')
      }
      expectNothingSeen(world)
    }
  })

  test('LK01: hold nothing of what the application throws when someone signs in', async () => {
    for (const world of worlds) {
      const thrown = Object.assign(new Error(everything, { cause: person }), { code: everything, person })
      refusal = thrown
      const browser = new Browser()
      await visit(browser, (await callbackUrl(world, browser)).href)
      refusal = undefined
      const told = seen.splice(0)
      expect(told.join('')).toContain('unexpected_error')
      expect(told.flatMap((text) => marks.leaksIn(text))).toEqual([])
      // The application's error goes to its own error handler, as it is.
      expect(world.host.journal.errors.filter((error) => !looked.has(error))).toEqual([thrown])
      looked.add(thrown)
    }
  })

  test('LK01: hold nothing of an error of a session store that repeats its arguments', async () => {
    const world = worlds[1] as World
    const browser = new Browser()
    await visit(browser, (await callbackUrl(world, browser)).href)
    sharedStore.outage = Object.assign(new Error(everything), { code: 'ECONNRESET', command: { args: [everything] } })
    for (const path of ['/private', '/token', '/leave', '/logout']) await visit(browser, world.url(path), 'fetch')
    await visit(browser, (await callbackUrl(world, new Browser())).href)
    sharedStore.outage = false
    const challenges = world.host.journal.errors.slice(-1)
    expect(challenges).toMatchObject([{ code: 'session_store_unavailable', status: 503 }])
    expect(world.app.health()).toMatchObject({ store: 'failing', tokenEndpoint: { state: 'ok' } })
    expectNothingSeen(world)
  })

  test('LK01: hold nothing of logout tokens, valid or invalid', async () => {
    const rp = await LogoutWorld.start()
    const { world } = rp
    const browser = await rp.signedIn()
    const good = await rp.mint({ sid: await rp.sidOf(browser), jti: marks.plant('jti') })
    const tokens = [
      good,
      good,
      await rp.mint({ sub: marks.plant('sub'), nonce: marks.plant('nonce') }),
      // The issuer and the audience that a token names are no secrets, and say what to mend.
      await rp.mint({ iss: 'https://other.example', sub: marks.plant('sub') }),
      await rp.mint({ aud: 'other-client', sid: marks.plant('sid') }),
      await rp.mint({}, { kid: 'unknown' }),
      marks.plant('garbage'),
    ]
    marks.add(...tokens.map((token) => token.split('.').slice(1).join('.')))
    const statuses = []
    for (const token of tokens) statuses.push((await rp.post(token)).status)
    expect(statuses).toEqual([200, 400, 400, 400, 400, 400, 400])
    const { issuer } = world.provider
    await visit(browser, world.url(`/frontchannel-logout?iss=${encodeURIComponent(issuer)}&sid=${marks.plant('sid')}`))
    await world.close()
    expectNothingSeen(world)
    expect(steps).toContain('backchannel_logout succeeded')
    expect(steps).toContain('backchannel_logout failed')
  })

  test('LK01: hold nothing of an outage of discovery and keys', async () => {
    for (const name of names) {
      use(name, /./)
      const world = await startWorld({ client: { client_secret: clientSecret }, oidc: { fetch: faultyFetch } })
      await visit(new Browser(), world.url('/login'))
      await world.app.ready().catch((error: unknown) => seen.push(faces(error)))
      seen.push(faces(world.app.health()))
      await world.close()
      use('none', /^$/)
      expectNothingSeen(world)
    }
    expect(steps).toContain('discovery failed')
  })
})
