import { afterEach, describe, expect, test } from '@jest/globals'
import { requireAuth, SessionError, signInAgain } from '../../lib/index.js'
import type { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import type { Layer } from '../hosts/layers.js'
import { answerWith, type RefreshWorld, startRefreshWorld } from '../kit/world/refreshing.js'
import { codeOf, subjectOf } from '../kit/world/steps.js'
import { type AppRequest, json } from '../kit/app.js'
import type { WorldOptions } from '../kit/world/world.js'

let world: RefreshWorld
afterEach(() => world.close())

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

async function signedIn(options: WorldOptions = {}): Promise<Browser> {
  world = await startRefreshWorld({ ...options, layers: [orders, alone] })
  return world.enter()
}

describe.each(hosts)('signInAgain() on $name', (host) => {
  test('sends a browser on a page to the login and back, where the provider has ended the login', async () => {
    const browser = await signedIn({ host })
    world.spoilTokens(answerWith(400, { error: 'invalid_grant' }))
    world.clock.advance(700)
    const away = await browser.navigate(world.url('/orders?of=today'))
    expect(away.status).toBe(302)
    expect(away.location).toContain(world.provider.issuer)
    expect(await subjectOf(world, browser)).toBeNull()
    world.spoilTokens()
    const back = await browser.navigate(world.url('/orders?of=today'), { follow: true })
    expect([back.status, back.url.endsWith('/orders?of=today')]).toEqual([200, true])
  })

  test('shows a program where the login is', async () => {
    const browser = await signedIn({ host })
    world.spoilTokens(answerWith(400, { error: 'invalid_grant' }))
    world.clock.advance(700)
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
    world.spoilTokens(answerWith(503, {}))
    world.clock.advance(700)
    const answer = await browser.navigate(world.url('/orders'))
    expect([answer.status, answer.location]).toEqual([503, undefined])
  })
})

describe('signInAgain()', () => {
  test('does not send browsers in circles where no login brings a token that lives long enough', async () => {
    const browser = await signedIn({
      client: { grant_types: ['authorization_code'] },
      provider: { accessTokenTtl: 20 },
    })
    const last = await browser.navigate(world.url('/orders'), { follow: true })
    expect([last.status, codeOf(last)]).toEqual([401, 'access_token_expired'])
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('leaves a response alone that has begun', async () => {
    const browser = await signedIn()
    expect((await browser.fetch(world.url('/begun'))).text).toBe('[]')
  })
})
