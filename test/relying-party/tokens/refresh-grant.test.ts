import { afterEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { cookieOf, type RefreshWorld, startRefreshWorld, told, tokenOf } from '../../kit/world/refreshing.js'
import { type Fault, subjectOf } from '../../kit/world/steps.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { pastDeadline } from '../../kit/timers.js'

let world: RefreshWorld
afterEach(() => world.close())

const token = expect.stringMatching(/^\S{20,}$/)
const late = [503, 'provider_timeout']
const patience = { httpTimeoutSeconds: 30 }

/** Runs something that waits for a refresh until it may wait no longer, once so many refreshes are under way. */
function tooLate<Result>(work: () => Promise<Result>, refreshes = 1): Promise<Result> {
  return pastDeadline(patience.httpTimeoutSeconds, work, () => world.refreshes.length >= refreshes)
}

/** What a browser is told that asks for a token and waits for it too long. */
const lateAnswer = (browser: Browser, refreshes?: number) => tooLate(() => tokenOf(world, browser), refreshes)

/** An answer that waits for the test. */
function held(): { readonly fault: Fault; release(): void } {
  let release = (): void => undefined
  const opened = new Promise<void>((resolve) => (release = resolve))
  const fault: Fault = async (honest) => {
    const answer = await honest()
    await opened
    return answer
  }
  return { fault, release: () => release() }
}

async function slow(options: Parameters<typeof startRefreshWorld>[0] = {}) {
  world = await startRefreshWorld({ ...options, oidc: { ...patience, ...options.oidc } })
  const browser = await world.enter()
  const { fault, release } = held()
  world.spoilTokens(fault)
  world.clock.advance(700)
  return { browser, release }
}

const sharedStore = () => new FakeStore({ now: () => Date.now() })
const places: readonly [string, () => NonNullable<Parameters<typeof startRefreshWorld>[0]>][] = [
  ['in a cookie', () => ({})],
  ['in a cookie, with a shared store', () => ({ oidc: { sharedStore: sharedStore() } })],
  ['in a store', () => ({ oidc: { session: { store: sharedStore() } } })],
]

describe.each(places)('a refresh that takes longer than requests wait, for a session %s', (_place, options) => {
  test('goes on after they got 503, and gives its tokens to the next request', async () => {
    const { browser, release } = await slow(options())
    const both = () => Promise.all([tokenOf(world, browser), tokenOf(world, browser)])
    expect(await tooLate(both)).toEqual([late, late])
    expect(await lateAnswer(browser)).toEqual(late)
    expect(await subjectOf(world, browser)).toBe('alice')
    release()
    const renewed = await tokenOf(world, browser)
    expect(renewed).toEqual(token)
    expect(await tokenOf(world, browser)).toBe(renewed)
    expect(world.refreshes).toHaveLength(1)
    world.spoilTokens()
    world.clock.advance(700)
    expect(await tokenOf(world, browser)).toEqual(token)
    expect(world.refreshes).toHaveLength(2)
  })

  test('has what it brings revoked after a logout meanwhile', async () => {
    const { browser, release } = await slow(options())
    const revocations = () => world.provider.requests.filter((request) => request === 'POST /token/revocation').length
    expect(await lateAnswer(browser)).toEqual(late)
    await browser.navigate(world.url('/logout'), { method: 'POST', body: new URLSearchParams(), site: 'same-origin' })
    expect(await subjectOf(world, browser)).toBeNull()
    const before = revocations()
    release()
    while (revocations() === before) await new Promise(setImmediate)
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('ends the session where it is refused in the end', async () => {
    const { browser, release } = await slow(options())
    const form = world.refreshes
    world.spoilTokens(async () => {
      await new Promise<void>((resolve) => (refuse = resolve))
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    })
    let refuse = (): void => undefined
    expect(await lateAnswer(browser)).toEqual(late)
    refuse()
    release()
    while ((await subjectOf(world, browser)) !== null) await new Promise(setImmediate)
    expect(form).toHaveLength(1)
  })
})

describe('a slow provider', () => {
  test('does not cost anybody a token that is still valid', async () => {
    world = await startRefreshWorld({ oidc: patience })
    const browser = await world.enter()
    const first = await tokenOf(world, browser)
    world.spoilTokens(() => new Promise(() => undefined))
    world.clock.advance(575)
    expect(await lateAnswer(browser)).toBe(first)
  })

  test('is left alone by other requests until it answers', async () => {
    world = await startRefreshWorld({ oidc: patience })
    const browsers = [await world.enter(), await world.enter(), await world.enter()] as const
    const { fault, release } = held()
    world.spoilTokens(fault)
    world.clock.advance(700)
    for (const [index, browser] of browsers.slice(0, 2).entries()) {
      expect(await lateAnswer(browser, index + 1)).toEqual(late)
    }
    expect(await tokenOf(world, browsers[2])).toEqual(late)
    expect(world.refreshes).toHaveLength(2)
    release()
    for (const browser of browsers.slice(0, 2)) expect(await tokenOf(world, browser)).toEqual(token)
    expect(await tokenOf(world, browsers[2])).toEqual(token)
  })

  test('leaves its tokens for a request that comes some minutes later with the old cookie, and for no other', async () => {
    const { browser, release } = await slow()
    const old = cookieOf(browser, world)
    expect(await lateAnswer(browser)).toEqual(late)
    release()
    const renewed = async () => (await new Browser().fetch(world.url('/me'), { headers: old })).setCookies.length > 0
    while (!(await renewed())) await new Promise(setImmediate)
    world.clock.advance(300)
    expect(told(await new Browser().fetch(world.url('/token'), { headers: old }))).toEqual(token)
    const others = await tokenOf(world, await world.enter())
    expect(others).toEqual(token)
    expect(others).not.toBe(await tokenOf(world, browser))
    expect(world.refreshes).toHaveLength(1)
  })
})
