import { afterEach, describe, expect, test } from '@jest/globals'
import { requireAuth, SessionError, signInAgain } from '../../lib/index.js'
import type { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import type { Layer } from '../hosts/layers.js'
import { startRefreshWorld } from '../kit/world/refreshing.js'
import { codeOf, subjectOf } from '../kit/world/steps.js'
import { startTestedApp, type TestedApp, type TestedAppOptions } from '../kit/world/tested-app.js'
import { type AppRequest, json } from '../kit/app.js'
import { answering } from '../kit/world/applications.js'

let world: TestedApp
let close: () => Promise<void>
afterEach(() => close())

const handler = signInAgain()
const orders: Layer = {
  method: 'GET',
  path: '/orders',
  handlers: [
    requireAuth(),
    (req, res, next) => {
      const { oidc } = req as AppRequest
      const work = req.url?.includes('broken') === true ? Promise.reject(new Error('broken')) : oidc.accessToken()
      work.then(
        () => json(res, { orders: [] }),
        (error: unknown) => handler(error, req, res, next),
      )
    },
  ],
}
const alone: Layer = {
  method: 'GET',
  path: '/begun',
  handlers: [
    (req, res, next) => {
      res.write('[')
      handler(new SessionError('session_expired', 'over'), req, res, () => res.end(']'))
      void next
    },
  ],
}

const me = answering('/me', ({ oidc }) => ({ user: oidc.user ?? null }))

async function signedIn(options: TestedAppOptions = {}): Promise<Browser> {
  world = await startTestedApp({ ...options, layers: [orders, alone, me] })
  close = world.close
  return world.enter()
}

describe.each(hosts)('signInAgain() on $name', (host) => {
  test('sends a browser on a page to the login and back, where the provider has ended the login', async () => {
    const browser = await signedIn({ host })
    world.provider.revokeRefresh('alice')
    world.provider.advance(301)
    const away = await browser.navigate(world.url('/orders?of=today'))
    expect(away.status).toBe(302)
    expect(away.location).toContain(world.provider.issuer)
    expect(await subjectOf(world, browser)).toBeNull()
    await world.enter({ path: '/orders?of=today' })
    expect((await browser.navigate(world.url('/orders?of=today'))).status).toBe(200)
  })

  test('shows a program where the login is', async () => {
    const browser = await signedIn({ host })
    world.provider.revokeRefresh('alice')
    world.provider.advance(301)
    const answer = await browser.fetch(world.url('/orders'))
    expect(answer.status).toBe(401)
    expect(answer.json()).toMatchObject({
      code: 'session_expired',
      login_url: expect.stringContaining(world.url('/login')),
    })
  })

  test('passes on errors that a login cannot mend', async () => {
    const browser = await signedIn({ host })
    expect((await browser.navigate(world.url('/orders?broken'))).status).toBe(500)
    world.provider.fail('token', 503)
    world.provider.advance(301)
    const answer = await browser.navigate(world.url('/orders'))
    expect([answer.status, answer.location]).toEqual([503, undefined])
  })
})

describe('signInAgain()', () => {
  test('does not send browsers in circles where no login brings a token that lives long enough', async () => {
    const real = await startRefreshWorld({
      layers: [orders],
      client: { grant_types: ['authorization_code'] },
      provider: { accessTokenTtl: 20 },
    })
    close = real.close
    const last = await real.browser.navigate(real.url('/orders'), { follow: true })
    expect([last.status, codeOf(last)]).toEqual([401, 'access_token_expired'])
    expect(await subjectOf(real, real.browser)).toBe('alice')
  })

  test('leaves a response alone that has begun', async () => {
    const browser = await signedIn()
    expect((await browser.fetch(world.url('/begun'))).text).toBe('[]')
  })
})
