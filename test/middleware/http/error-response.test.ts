import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { setImmediate as turn } from 'node:timers/promises'
import onHeaders from 'on-headers'
import { not, requireAuth } from '../../../lib/index.js'
import type { Handler } from '../../hosts/layers.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { toCallback } from '../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { guarded } from '../../kit/world/applications.js'

const rejections: unknown[] = []
const note = (reason: unknown): unknown => rejections.push(reason)
beforeEach(() => void process.on('unhandledRejection', note))
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', note)
  expect(rejections.splice(0)).toEqual([])
})

/** Memory that answers when the test says so. */
class SlowStore extends FakeStore {
  readonly #waiting: (() => void)[] = []
  isSlow = false

  constructor() {
    super({ now: () => Date.now() })
    this.before = () => (this.isSlow ? new Promise((resolve) => this.#waiting.push(resolve)) : undefined)
  }

  async answer(): Promise<void> {
    for (let turns = 0; turns < 20; turns += 1) {
      this.#waiting.splice(0).forEach((go) => go())
      await turn()
    }
  }
}

describe.each(hosts)('a request that the application has already answered, on $name,', (host) => {
  // As a deadline does that a request has missed.
  let deadline: Handler = (_req, _res, next) => next()
  const before: Handler[] = [(req, res, next) => deadline(req, res, next)]
  const kinds: Record<string, (sharedStore: SlowStore) => WorldOptions['oidc']> = {
    'session.store': (store) => ({ session: { store } }),
    sharedStore: (sharedStore) => ({ sharedStore }),
  }
  let world: World | undefined
  afterEach(() => world?.close())

  test.each(Object.keys(kinds))('is answered once, and the process lives on: %s', async (kind) => {
    const sharedStore = new SlowStore()
    deadline = (_req, _res, next) => next()
    world = await startWorld({ host, before, oidc: { silentLogin: true, ...kinds[kind]?.(sharedStore) } })
    await world.signIn()
    sharedStore.isSlow = true
    deadline = (_req, res, next) => {
      next()
      if (sharedStore.isSlow) res.writeHead(503).end('too late')
    }
    const paths = ['/me', '/login', '/logout', '/callback?code=a&state=b', '/frontchannel-logout?iss=a&sid=b']
    for (const path of [...paths, '/private', '/']) {
      const answer = await world.browser.navigate(world.url(path), { site: 'same-origin' })
      expect([path, answer.status, answer.text]).toEqual([path, 503, 'too late'])
      await sharedStore.answer()
    }
    sharedStore.isSlow = false
    expect((await world.me()).user).toMatchObject({ sub: 'alice' })
  })

  test('spends no code, so that the callback can be called again', async () => {
    const sharedStore = new SlowStore()
    deadline = (_req, _res, next) => next()
    world = await startWorld({ host, before, oidc: { session: { store: sharedStore } } })
    await world.signIn()
    const url = await toCallback(world)
    sharedStore.isSlow = true
    deadline = (_req, res, next) => {
      next()
      if (sharedStore.isSlow) res.writeHead(503).end('too late')
    }
    expect((await world.browser.navigate(url.href)).status).toBe(503)
    await sharedStore.answer()
    sharedStore.isSlow = false
    expect((await world.browser.navigate(url.href)).location).toBe(world.url('/'))
  })
})

describe.each(hosts)('middleware that throws when headers are written, on $name,', (host) => {
  let world: World | undefined
  afterEach(() => world?.close())

  const throwing =
    (times: number): Handler =>
    (req, res, next) => {
      let left = req.url?.includes('hook') ? times : 0
      const arm = (): void => {
        onHeaders(res, () => {
          if (left === 0) return
          left -= 1
          arm()
          throw new Error('a hook of the application')
        })
      }
      arm()
      next()
    }

  // finalhandler, of Express and Connect, does not survive a second time itself.
  test.each(host.name === 'node:http' ? [1, 2, 5] : [1])(
    '%p times ends neither the process nor the wait of the client',
    async (times) => {
      const layers = [guarded('/guarded', requireAuth(not(() => true)))]
      world = await startWorld({ host, before: [throwing(times)], layers, oidc: { silentLogin: true } })
      const stranger = new Browser()
      for (const path of [
        '/login?hook',
        '/private?hook',
        '/?hook',
        '/callback?hook',
        '/logout?hook',
        '/backchannel-logout?hook',
      ]) {
        for (const kind of ['navigate', 'fetch'] as const) {
          const answer = await stranger.request(kind, world.url(path), { site: 'same-origin' }).catch(() => undefined)
          expect([path, kind, answer?.status ?? 'closed']).toEqual([path, kind, expect.anything()])
        }
      }
    },
  )
})
