import { afterEach, describe, expect, test } from '@jest/globals'
import { type Host, hosts } from '../hosts/hosts.js'
import { newBrowser, walk } from './browser.js'
import { type FaultyAnswer, type Module, modules } from './modules.js'
import type { Calls } from './calls.js'
import { type Run, startRun } from './relying-party.js'

const [express5, ...otherHosts] = hosts
let run: Run | undefined
afterEach(() => run?.close())

describe.each([...new Set(modules.map(({ plan }) => plan))])('%s', (plan) => {
  test.each(titled(modules.filter((module) => module.plan === plan)))('%s', (_title, module) =>
    conforms(module, express5),
  )
})

describe.each(otherHosts)('$name', (host) => {
  const certification = modules.filter(({ plan }) => plan.endsWith('basic-certification-test-plan'))
  const some = certification.filter(({ id, expect }) => expect === 'login' || id === 'oidcc-client-test-nonce-invalid')
  const byResponseMode = some.map(
    (module) => [module.authorizationParams?.response_mode ?? 'query', ...title(module)] as const,
  )
  test.each(byResponseMode)('by %s: %s', (_mode, _title, module) => conforms(module, host))
})

describe('a browser with five logins under way', () => {
  test('CB02: starts the login over at most once where the state was altered', async () => {
    const altered = modules.find(({ id }) => id.endsWith('ensure-authorization-response-with-invalid-state-fails'))
    if (altered === undefined || express5 === undefined) throw new Error('the module or the host is gone')
    run = await startRun(altered, express5)
    const browser = newBrowser()
    for (let others = 0; others < 4; others += 1) await browser.navigate(`${run.baseUrl}/login`)
    const page = await walk(browser, `${run.baseUrl}/login`)
    expect(page.status).toBe(400)
    expect(run.provider.calls()).toMatchObject({ token: 0, userinfo: 0 })
    expect(run.provider.calls().authorize).toBeLessThanOrEqual(2)
  })
})

function titled(modules: readonly Module[]): (readonly [string, Module])[] {
  return modules.map(title)
}

function title(module: Module): readonly [string, Module] {
  const { id, finish, errorCode } = module
  const goesOn = `goes on to the ${finish} request and no further`
  const stops = `stops with ${errorCode}`
  const what = { login: goesOn, stop: stops, either: `${goesOn}, or ${stops}` }
  return [`${id}: ${what[module.expect]}`, module]
}

type Verdict = 'login' | 'stop'

async function conforms(module: Module, host: Host | undefined): Promise<void> {
  if (host === undefined) throw new Error('there is no such host')
  run = await startRun(module, host)
  const verdict = await drive(run, module)
  await run.settled()
  const errors = verdict === 'stop' ? [module.errorCode] : []
  expect({ verdict, errors: run.errors() }).toEqual({
    verdict: module.expect === 'either' ? verdict : module.expect,
    errors,
  })
  expect(run.provider.calls()).toEqual(expectedCalls(module, verdict))
  expect(run.provider.flaws).toEqual([])
  const { requests } = run.provider
  expect(module.demands?.flatMap((demand) => demand(requests)) ?? []).toEqual([])
  expect(run.journal.rejections).toEqual([])
  expect(run.journal.passages.filter(({ nexts }) => nexts > 1)).toEqual([])
}

async function drive(run: Run, module: Module): Promise<Verdict> {
  if (module.drive?.startsWith('warm-up')) await run.warmUp()
  if (module.drive === 'warm-up') return 'login'
  if (module.drive === 'login, then logout') return signOut(run)
  const { issuer } = run.provider
  const query = module.drive === 'third-party-initiated login' ? `?${new URLSearchParams({ iss: issuer })}` : ''
  // Claims that may not be used are thrown away; who signed in stays signed in (OpenID Connect Core section 5.3.2).
  const staysSignedIn = module.stopsAfter === 'userinfo'
  const how = { refreshing: module.drive === 'login, then refresh', login: `/login${query}`, staysSignedIn }
  const first = await signIn(run, how)
  return module.drive === 'two logins' && first === 'login' ? signIn(run) : first
}

/** Signs in with a new browser, has the application ask for userinfo, and looks whether a session exists then. */
async function signIn(
  run: Run,
  { refreshing = false, login = '/login', staysSignedIn = false } = {},
): Promise<Verdict> {
  const browser = newBrowser()
  const landed = await walk(browser, run.baseUrl + login)
  const signedIn = landed.status === 200 && landed.url === `${run.baseUrl}/`
  if (signedIn && refreshing) run.advance(80)
  const renewed = signedIn && refreshing ? await browser.navigate(`${run.baseUrl}/token`) : landed
  const page = signedIn && renewed.status === 200 ? await browser.navigate(`${run.baseUrl}/userinfo`) : renewed
  const verdict = page.status === 200 ? 'login' : 'stop'
  const home = await browser.navigate(`${run.baseUrl}/`)
  expect(home.text).toBe(JSON.stringify({ authenticated: verdict === 'login' || staysSignedIn }))
  if (verdict === 'login') expect(page.text).toContain('ada@example.com')
  return verdict
}

/** Signs in and out again, and ends at the post-logout page, signed in no more, whatever the provider sends back. */
async function signOut(run: Run): Promise<Verdict> {
  const browser = newBrowser()
  await walk(browser, `${run.baseUrl}/login`)
  const landed = await walk(browser, `${run.baseUrl}/logout`)
  expect(landed.status).toBe(200)
  expect(new URL(landed.url).pathname).toBe('/')
  expect(landed.text).toBe(JSON.stringify({ authenticated: false }))
  return 'login'
}

const order: readonly (FaultyAnswer | 'nothing')[] = [
  'discovery',
  'authorization',
  'token',
  'refresh',
  'userinfo',
  'nothing',
]

/** What the provider is asked in all: each step up to the faulty answer, once for each login. */
function expectedCalls(module: Module, verdict: Verdict): Calls {
  const logins = module.drive === 'warm-up' ? 0 : module.drive === 'two logins' ? 2 : 1
  const last = order.indexOf(verdict === 'stop' ? (module.stopsAfter ?? 'nothing') : 'nothing')
  // An answer that is at fault, or comes before it, has been asked for; nothing after it has.
  const asked = (answer: FaultyAnswer) => (order.indexOf(answer) <= last ? logins : 0)
  const needsKeys = module.drive === 'warm-up' || asked('token') > 0
  return {
    discovery: 1,
    jwks: module.keyRequests ?? (needsKeys ? 1 : 0),
    par: 0,
    // Without a state it is no answer to that login, and begins one of its own, once.
    authorize: asked('authorization') + (module.errorCode === 'state_missing' ? 1 : 0),
    token: asked('token') + (module.drive === 'login, then refresh' ? asked('refresh') : 0),
    userinfo: module.finish === 'logout' ? 0 : asked('userinfo'),
    end_session: module.finish === 'logout' ? 1 : 0,
    other: 0,
  }
}
