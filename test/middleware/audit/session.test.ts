import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { AuditWatch } from '../../kit/watching/audit.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

const audited = new AuditWatch()
const worlds: World[] = []

beforeEach(() => void audited.take())
afterAll(async () => {
  audited.stop()
  await Promise.all(worlds.map((world) => world.close()))
})

/** A world in which alice is signed in, and the hash of her session. */
async function signedIn(oidc: WorldOptions['oidc'] = {}): Promise<{ world: World; session: string | undefined }> {
  const world = await startWorld({ oidc })
  worlds.push(world)
  await world.signIn()
  return { world, session: audited.take().find(({ name }) => name === 'login_succeeded')?.session }
}

function cookieHeader(world: World, change = (value: string) => value): string {
  return world.browser.cookies
    .all()
    .map(({ name, value }) => `${name}=${change(value)}`)
    .join('; ')
}

const ask = (world: World, cookie: string) => new Browser().fetch(world.url('/me'), { headers: { cookie } })

const limits = { idleSeconds: 600, absoluteSeconds: 3600 }

describe.each([
  ['cookies', () => ({ session: limits })],
  ['a store', () => ({ session: { ...limits, store: new FakeStore({ now: () => Date.now() }) } })],
])('the audit events of sessions in %s', (_where, options) => {
  test('a valid session causes no audit event', async () => {
    const { world } = await signedIn(options())
    await world.me()
    expect(audited.take()).toEqual([])
  })

  test('are none for a browser that brings no session', async () => {
    const { world } = await signedIn(options())
    await new Browser().fetch(world.url('/me'))
    expect(audited.take()).toEqual([])
  })

  test('say once that a session was idle for too long, and whose it was', async () => {
    const { world, session } = await signedIn(options())
    const cookie = cookieHeader(world)
    world.clock.advance(700)
    await ask(world, cookie)
    await ask(world, cookie)
    expect(audited.take()).toMatchObject([
      {
        name: 'session_ended',
        outcome: 'success',
        reason: 'idle',
        subject: 'alice',
        session,
        issuer: world.provider.issuer,
        path: '/me',
      },
    ])
  })

  test('say that a session was brought again which had ended by a logout', async () => {
    const { world, session } = await signedIn(options())
    const stolen = cookieHeader(world)
    await world.browser.request('navigate', world.url('/logout'))
    audited.take()
    await ask(world, stolen)
    expect(audited.take()).toMatchObject([{ name: 'session_ended', reason: 'revoked', subject: 'alice', session }])
  })

  test('say once that a cookie was tampered with, and nobody knows whose it is', async () => {
    const { world } = await signedIn(options())
    const forged = cookieHeader(world, (value) => `${value.slice(0, -4)}AAAA`)
    await ask(world, forged)
    await ask(world, forged)
    const events = audited.take()
    expect(events).toMatchObject([{ name: 'session_ended', reason: 'tampered' }])
    expect(events[0]).not.toHaveProperty('subject')
  })
})

test('a session that has reached its absolute limit is reported as such', async () => {
  const { world, session } = await signedIn({ session: { idleSeconds: 3600, absoluteSeconds: 3600 } })
  world.clock.advance(3700)
  await world.me()
  expect(audited.take()).toMatchObject([{ name: 'session_ended', reason: 'absolute', session }])
})
