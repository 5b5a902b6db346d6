import { afterEach, describe, expect, test } from '@jest/globals'
import { type Host, hosts } from '../hosts/hosts.js'
import type { Answer, Browser } from '../hosts/client.js'
import { loadFrame, newBrowser, walk } from './browser.js'
import { without } from './faults.js'
import { type LogoutModule, logoutModules } from './logout-modules.js'
import { type Run, startRun } from './relying-party.js'

const backChannel = logoutModules.filter(({ plan }) => plan.includes('back-channel'))
const frontChannel = logoutModules.filter(({ plan }) => plan.includes('front-channel'))
const [express5, ...otherHosts] = hosts as readonly [Host, ...Host[]]
let run: Run
afterEach(() => run.close())

describe('oidcc-client-back-channel-logout-rp-basic', () => {
  test.each(backChannel)('$id: is answered with $status', (module) => conforms(module, express5))

  const elsewhere = otherHosts.flatMap((host) =>
    backChannel.slice(0, 2).map((module) => [module.id, host.name, module, host] as const),
  )
  test.each(elsewhere)('%s: is the same on %s', (_id, _name, module, host) => conforms(module, host))

  test('a token without sid, which the suite sends where none was registered, ends the sessions of all browsers', async () => {
    run = await startRun({ ...start(backChannel), faults: { logoutClaims: without('sid') } }, express5)
    const [browser, other] = [await signedIn(), await signedIn()]
    await walk(browser, `${run.baseUrl}/logout`)
    expect(run.provider.logouts.map(({ status }) => status)).toEqual([200])
    expect([await isSignedIn(browser), await isSignedIn(other)]).toEqual([false, false])
  })
})

describe('oidcc-client-front-channel-logout-rp-basic', () => {
  test.each(frontChannel)('$id: the frame is loaded, and the browser lands at home', async (module) => {
    run = await startRun(module, express5)
    const browser = await signedIn()
    const page = await walk(browser, `${run.baseUrl}/logout`)
    expect(new URL(page.url).origin).toBe(new URL(run.provider.issuer).origin)
    expectFrame(await loadFrame(browser, frameOf(page), 'same-site'))
    const [, onwards = ''] = /<a href="([^"]*)"/.exec(page.text) ?? []
    expect((await walk(browser, onwards)).url).toBe(`${run.baseUrl}/`)
    expect(await isSignedIn(browser)).toBe(false)
    expectNoFlaws()
  })

  test('oidcc-client-test-rp-frontchannel-opinitlogout: the frame ends the session of its browser, and no other', async () => {
    run = await startRun(start(frontChannel), express5)
    const [browser, other] = [await signedIn(), await signedIn()]
    // What signs out at the provider elsewhere: the browser here knows nothing of it, and still has its session.
    const hint = (await browser.navigate(`${run.baseUrl}/id-token`)).text
    const page = await browser.navigate(`${run.provider.issuer}end_session?id_token_hint=${JSON.parse(hint)}`)
    expect(await isSignedIn(browser)).toBe(true)
    expectFrame(await loadFrame(browser, frameOf(page), 'cross-site'))
    expect(await isSignedIn(browser)).toBe(true)
    expectFrame(await loadFrame(other, frameOf(page), 'same-site'))
    expect(await isSignedIn(other)).toBe(true)
    expectFrame(await loadFrame(browser, frameOf(page), 'same-site'))
    expect([await isSignedIn(browser), await isSignedIn(other)]).toEqual([false, true])
    expectNoFlaws()
  })
})

async function conforms(module: LogoutModule, host: Host): Promise<void> {
  run = await startRun(module, host)
  const [browser, other] = [await signedIn(), await signedIn()]
  const page = await walk(browser, `${run.baseUrl}/logout`)
  expect([page.status, page.url]).toEqual([200, `${run.baseUrl}/`])
  expect(run.provider.logouts).toMatchObject([
    { status: module.status, cacheControl: expect.stringContaining('no-store'), setCookies: [] },
  ])
  // The session had been ended before the provider said so; that of another sid lives on either way.
  expect([await isSignedIn(browser), await isSignedIn(other)]).toEqual([false, true])
  await run.settled()
  expect(run.provider.calls()).toMatchObject({
    discovery: 1,
    jwks: 1,
    authorize: 2,
    token: 2,
    end_session: 1,
    other: 0,
  })
  expectNoFlaws()
}

function start([module]: readonly LogoutModule[]): LogoutModule {
  if (module === undefined) throw new Error('the plan has no module')
  return module
}

async function signedIn(): Promise<Browser> {
  const browser = newBrowser()
  await walk(browser, `${run.baseUrl}/login`)
  expect(await isSignedIn(browser)).toBe(true)
  return browser
}

async function isSignedIn(browser: Browser): Promise<boolean> {
  return (await browser.navigate(`${run.baseUrl}/`)).text === '{"authenticated":true}'
}

function frameOf({ text }: Answer): string {
  return (/<iframe src="([^"]*)"/.exec(text)?.[1] ?? '').replaceAll('&amp;', '&')
}

function expectFrame({ status, headers }: Answer): void {
  expect([status, headers['cache-control'], headers['x-frame-options']]).toEqual([200, 'no-store', undefined])
  expect(headers['content-security-policy']).toContain(`frame-ancestors ${new URL(run.provider.issuer).origin}`)
}

function expectNoFlaws(): void {
  expect([run.provider.flaws, run.errors(), run.journal.rejections]).toEqual([[], [], []])
}
