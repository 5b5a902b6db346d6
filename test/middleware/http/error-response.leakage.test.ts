import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { claim, requireAuth } from '../../../lib/index.js'
import { type Answer, Browser } from '../../hosts/client.js'
import { answering, guarded } from '../../kit/world/applications.js'
import { startWorld, type World } from '../../kit/world/world.js'
import { type Fault, faults } from '../../kit/watching/faults.js'

const clientSecret = 'canary-client-secret-with-more-than-32-characters'
const sessionSecret = 'canary-session-secret-with-more-than-32-characters'
const person = { name: 'Canary Person', email: 'canary.person@example.com', dept: 'canary-dept' }

/** Everything that must not be seen; grows while requests are made. */
const canaries = new Set([
  ...[clientSecret, sessionSecret, encodeURIComponent(`web:${clientSecret}`)],
  Buffer.from(`web:${clientSecret}`).toString('base64'),
  ...Object.values(person),
])

let fault: Fault = ({ answer }) => answer()

/** The global fetch, with the fault of the moment at the token and userinfo endpoints; it remembers every secret. */
const faultyFetch: typeof fetch = async (url, init) => {
  const { pathname } = new URL(String(url))
  if (!['/token', '/me'].includes(pathname)) return fetch(url, init)
  const sent = new URLSearchParams(init?.body as string)
  const authorization = new Headers(init?.headers).get('authorization') ?? ''
  remember(sent.get('code'), sent.get('code_verifier'), authorization.split(' ')[1])
  const echo = `${String(sent)} ${authorization} ${person.email}`
  const answer = async (): Promise<Response> => {
    const response = await fetch(url, init)
    const body = (await response.clone().json()) as Record<string, string>
    remember(body['access_token'], body['refresh_token'], ...(body['id_token'] ?? '').split('.').slice(1))
    return response
  }
  return fault({ echo, answer })
}

function remember(...values: readonly (string | null | undefined)[]): void {
  for (const value of values) if (typeof value === 'string' && value.length >= 8) canaries.add(value)
}

/** All that an error shows in logs: its message, stack and causes, printed and as JSON. */
function faces(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null || depth > 10) return String(error)
  const { message, stack, cause } = error as Error
  return [message, stack, inspect(error, { depth: 10 }), JSON.stringify(error), faces(cause, depth + 1)].join('\n')
}

/** All of an answer but where it sends the browser and the cookies that it sets. */
function visible({ headers, text }: Answer): string {
  const { location: _location, 'set-cookie': _cookies, ...others } = headers
  return JSON.stringify(others) + text
}

const printed: string[] = []

describe('an error, a print-out or a response', () => {
  let world: World
  const answers: Answer[] = []

  beforeAll(async () => {
    world = await startWorld({
      client: { client_secret: clientSecret },
      provider: { accounts: { alice: person }, accessTokenTtl: 60 },
      oidc: { fetch: faultyFetch, secret: sessionSecret },
      layers: [
        (req, _res, next) => {
          const { oidc } = req as unknown as { oidc: object }
          printed.push(inspect(oidc, { depth: 10, showHidden: true }), JSON.stringify(oidc), String(oidc))
          next()
        },
        guarded('/refused', requireAuth(claim('dept', 'canary-other'))),
        answering('/auth', ({ auth }) => {
          const { claims: _claims, ...principal } = auth ?? { claims: {} }
          return [inspect(principal, { depth: 10 }), principal]
        }),
        answering('/token', async ({ oidc }) => void (await oidc.accessToken({ minTtl: 600 }))),
        answering('/userinfo', async ({ oidc }) => void (await oidc.userinfo())),
        answering('/large', ({ oidc }) =>
          oidc.update({ email: person.email, fill: randomBytes(12_000).toString('base64') }),
        ),
        answering('/odd', ({ oidc }) => oidc.update(person.email as never)),
      ],
    })
  })
  afterAll(() => world.close())

  /** Goes through a login by hand, so that the callback's URL is known. */
  async function callbackUrl(browser: Browser): Promise<string> {
    let url = world.url('/login')
    for (let step = 0; step < 9 && !url.startsWith(world.url('/callback')); step++) {
      url = (await browser.navigate(url)).location ?? ''
    }
    remember(...['code', 'state'].map((name) => new URL(url).searchParams.get(name)))
    return url
  }

  async function visit(browser: Browser, kind: 'navigate' | 'fetch', url: string): Promise<void> {
    answers.push(await browser.request(kind, url))
    for (const { name, value } of browser.cookies.all()) if (name.startsWith('oidc')) remember(value)
  }

  test('LK01: holds no secret, code, token, cookie or claim of a person', async () => {
    const names = Object.keys(faults)
    const paths = ['/refused', '/auth', '/token', '/userinfo', '/large', '/odd', '/', '/private']
    const step = fc.tuple(fc.constantFrom(...paths), fc.constantFrom('navigate' as const, 'fetch' as const))
    const run = fc.record({
      atToken: fc.constantFrom(...names),
      atUse: fc.constantFrom(...names),
      steps: fc.array(step, { minLength: 2, maxLength: 4 }),
    })
    const check = fc.asyncProperty(run, async ({ atToken, atUse, steps }) => {
      const browser = new Browser()
      const use = (name: string): void => void (fault = faults[name] ?? fault)
      use(atToken)
      const callback = await callbackUrl(browser)
      await visit(browser, 'navigate', callback)
      use('none')
      await visit(browser, 'fetch', await callbackUrl(browser))
      use(atUse)
      for (const [path, kind] of steps) await visit(browser, kind, world.url(path))
      expectNothingSeen()
    })
    const every = names.map((name): [{ atToken: string; atUse: string; steps: [string, 'navigate' | 'fetch'][] }] => [
      { atToken: name, atUse: name, steps: paths.map((path) => [path, 'fetch']) },
    ])
    await fc.assert(check, { numRuns: every.length + 10, examples: every })
    const codes = new Set(world.host.journal.errors.map((error) => (error as { code?: string }).code))
    for (const code of ['invalid_grant', 'token_signature_invalid', 'provider_refused_client', 'session_too_large'])
      expect(codes).toContain(code)
    expect(canaries.size).toBeGreaterThan(50)
  })

  test('LK01: holds none of these where the callback refuses a response', async () => {
    fault = ({ answer }) => answer()
    const browser = new Browser()
    const callback = new URL(await callbackUrl(browser))
    const { email } = person
    const changes: readonly (readonly [string, string])[] = [
      ['error_description', email],
      ['code', 'canary-other-code'],
      ['state', 'canary-other-state'],
      ['iss', `https://${email}`],
      ['error', email],
      ['code', 'canary-code'.repeat(1000)],
    ]
    for (const value of ['canary-other-code', 'canary-other-state', 'canary-code']) canaries.add(value)
    for (const [name, value] of changes) {
      for (const append of [true, false]) {
        const url = new URL(callback)
        if (append) url.searchParams.append(name, value)
        else url.searchParams.set(name, value)
        await visit(browser, 'navigate', url.href)
        await visit(
          browser,
          'fetch',
          `${world.url('/callback')}?error=${email}&error_description=${email}&state=${value}`,
        )
      }
    }
    await visit(browser, 'navigate', callback.href)
    expect(world.host.journal.errors.length).toBeGreaterThan(5)
    expectNothingSeen()
  })

  test('LK02: reports a fault of provider or application by its code, without the message or a stack', async () => {
    fault = faults['badSignature'] ?? fault
    const browser = new Browser()
    await visit(browser, 'navigate', await callbackUrl(browser))
    expect(answers.at(-1)?.status).toBe(502)
    expect(world.host.journal.errors.at(-1)).toMatchObject({
      code: 'token_signature_invalid',
      status: 502,
      expose: false,
    })
    fault = ({ answer }) => answer()
    for (const { status, text } of answers) {
      expect(text).not.toMatch(/\n\s+at |node_modules|\.[jt]s:\d/)
      if (status >= 500 && text.includes('"title"')) expect(JSON.parse(text)).not.toHaveProperty('detail')
    }
  })

  function expectNothingSeen(): void {
    const seen = [...world.host.journal.errors.map((error) => faces(error)), ...answers.map(visible), ...printed]
    const leaks = seen.flatMap((text) => [...canaries].filter((canary) => text.includes(canary)).map((c) => [c, text]))
    expect(leaks).toEqual([])
  }
})
