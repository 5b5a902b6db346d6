import { afterEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler } from '../../hosts/layers.js'
import { answering, handler } from '../../kit/world/applications.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { LogoutWorld } from '../../kit/world/logout-world.js'

let own: LogoutWorld
let failures: unknown[]
afterEach(() => own.close())

/** A world whose provider names whom it signs out by `sub` alone, or by `sid` alone. */
async function start(by: 'sub' | 'sid', options: Parameters<typeof LogoutWorld.start>[0] = {}): Promise<void> {
  own = await LogoutWorld.start({ client: { backchannel_logout_session_required: by === 'sid' }, ...options })
  failures = []
  own.world.provider.provider.on('backchannel.error', (_ctx, error) => failures.push(error.message))
}

function signOut(browser: Browser) {
  return browser.navigate(own.world.url('/logout'), { site: 'same-origin', follow: true })
}

function cookiesOf({ cookies }: Browser): string {
  return cookies.header({ url: new URL(own.world.url('/')), crossSite: false, safeNavigation: true }) ?? ''
}

async function replayed(cookie: string): Promise<unknown> {
  const answer = await new Browser().fetch(own.world.url('/me'), { headers: { cookie } })
  return (answer.json() as { readonly user: unknown }).user
}

describe.each(hosts)('a logout at a real provider, with an application on $name,', (host) => {
  test('that names the person signs them out of all browsers, and nobody else', async () => {
    await start('sub', { host })
    const [laptop, phone, bob] = [await own.signedIn(), await own.signedIn(), await own.signedIn('/bob')]
    const page = await signOut(laptop)
    expect([page.status, page.url, failures]).toEqual([200, own.world.url('/'), []])
    expect([await own.who(laptop), await own.who(phone), await own.who(bob)]).toEqual([null, null, 'bob'])
    await phone.navigate(own.world.url('/login'), { follow: true })
    expect(await own.who(phone)).toBe('alice')
  })

  test('that names the session signs out one browser, and no other', async () => {
    await start('sid', { host })
    const [laptop, phone] = [await own.signedIn(), await own.signedIn()]
    // Another login in the same browser: one session at the provider, two here.
    const earlier = cookiesOf(laptop)
    laptop.cookies.clear(({ name }) => name === own.world.cookie())
    await laptop.navigate(own.world.url('/login'), { follow: true })
    expect(await replayed(earlier)).toMatchObject({ sub: 'alice' })
    await signOut(laptop)
    expect([await replayed(earlier), await own.who(phone), failures]).toEqual([null, 'alice', []])
  })
})

describe('a logout at the provider', () => {
  test('reaches sessions in a store', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    await start('sub', { oidc: { session: { store: sharedStore } } })
    const [laptop, phone] = [await own.signedIn(), await own.signedIn()]
    await signOut(laptop)
    expect([await own.who(laptop), await own.who(phone), failures]).toEqual([null, null, []])
  })

  test('ends live connections', async () => {
    let opened: (subject: unknown) => void = () => undefined
    const open = new Promise((resolve) => (opened = resolve))
    const live: Handler = handler(async (req, res) => {
      const connection = await own.world.app.authenticate(req)
      connection?.signal.addEventListener('abort', () => res.end('over'))
      opened(connection?.principal.subject)
    })
    await start('sub', { layers: [{ method: 'GET', path: '/live', handlers: [live] }] })
    const [laptop, phone] = [await own.signedIn(), await own.signedIn()]
    const stream = phone.fetch(own.world.url('/live'))
    expect(await open).toBe('alice')
    await signOut(laptop)
    expect((await stream).text).toBe('over')
  })

  test('finds a session that has renewed its tokens since', async () => {
    const layers = [answering('/token', ({ oidc }) => oidc.accessToken())]
    await start('sid', { layers, provider: { accessTokenTtl: 60 } })
    const laptop = await own.signedIn()
    const token = async () => (await laptop.fetch(own.world.url('/token'))).json()
    const [sid, first] = [await own.sidOf(laptop), await token()]
    own.world.clock.advance(50)
    expect(await token()).not.toBe(first)
    expect(await own.sidOf(laptop)).toBe(sid)
    const before = cookiesOf(laptop)
    await signOut(laptop)
    expect([await replayed(before), failures]).toEqual([null, []])
  })
})
