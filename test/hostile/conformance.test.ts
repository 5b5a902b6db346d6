import { afterEach, describe, expect, test } from '@jest/globals'
import { Browser } from './browser.js'
import type { FaultyAnswer, Module } from './modules.js'
import { modules } from './modules.js'
import type { Calls } from './records.js'
import type { Run } from './relying-party.js'
import { startRun } from './relying-party.js'

let run: Run | undefined
afterEach(() => run?.close())

describe.each([...new Set(modules.map(({ plan }) => plan))])('%s', (plan) => {
  const ours = modules.filter((module) => module.plan === plan)

  test.each(ours.filter(({ expect }) => expect === 'login'))(
    '$id: goes on to the $finish request and no further',
    async (module) => {
      run = await startRun(module)
      await expect(drive(run, module)).resolves.toBe('finished')
      expect(run.errors).toEqual([])
      await expectCalls(run, module, 'finished')
    },
  )

  test.each(ours.filter(({ expect }) => expect === 'stop'))('$id: stops with $errorCode', async (module) => {
    run = await startRun(module)
    await expect(drive(run, module)).resolves.toBe('stopped')
    expect(run.errors).toEqual([module.errorCode])
    await expectCalls(run, module, 'stopped')
  })

  test.each(ours.filter(({ expect }) => expect === 'either'))(
    '$id: finishes, or stops with $errorCode',
    async (module) => {
      run = await startRun(module)
      const verdict = await drive(run, module)
      expect(run.errors).toEqual(verdict === 'finished' ? [] : [module.errorCode])
      await expectCalls(run, module, verdict)
    },
  )
})

type Verdict = 'finished' | 'stopped'

async function drive(run: Run, module: Module): Promise<Verdict> {
  if (module.drive?.startsWith('warm-up')) await run.warmUp()
  if (module.drive === 'warm-up') return 'finished'
  const first = await signIn(run)
  return module.drive === 'two logins' && first === 'finished' ? signIn(run) : first
}

/** Signs in with a new browser and has the application ask for userinfo. */
async function signIn(run: Run): Promise<Verdict> {
  const browser = new Browser()
  const landed = await browser.navigate(`${run.baseUrl}/login`)
  const goesOn = landed.status === 200 && landed.url === `${run.baseUrl}/`
  const page = goesOn ? await browser.visit(`${run.baseUrl}/userinfo`) : landed
  const verdict = page.status === 200 ? 'finished' : 'stopped'
  const home = await browser.visit(`${run.baseUrl}/`)
  expect(JSON.parse(home.body)).toEqual({ authenticated: verdict === 'finished' })
  if (verdict === 'finished') expect(JSON.parse(page.body)).toMatchObject({ email: 'ada@example.com' })
  else expect(page.status).toBeGreaterThanOrEqual(400)
  return verdict
}

async function expectCalls(run: Run, module: Module, verdict: Verdict): Promise<void> {
  await run.settled()
  expect(run.provider.calls()).toEqual(expectedCalls(module, verdict))
  expect(run.provider.flaws).toEqual([])
  expect(module.demands?.flatMap((demand) => demand(run.provider.requests)) ?? []).toEqual([])
}

const order: readonly (FaultyAnswer | 'nothing')[] = ['discovery', 'authorization', 'token', 'userinfo', 'nothing']

/** What the provider is asked in all: each step up to the faulty answer, once for each login. */
function expectedCalls(module: Module, verdict: Verdict): Calls {
  const logins = module.drive === 'warm-up' ? 0 : module.drive === 'two logins' ? 2 : 1
  const last = order.indexOf(verdict === 'stopped' ? (module.stopsAfter ?? 'nothing') : 'nothing')
  const reached = (answer: FaultyAnswer) => (order.indexOf(answer) <= last ? logins : 0)
  return {
    discovery: 1,
    jwks: module.keyRequests ?? 1,
    authorize: reached('authorization'),
    token: reached('token'),
    userinfo: reached('userinfo'),
    end_session: 0,
    other: 0,
  }
}
