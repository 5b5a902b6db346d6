import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { type OidcMiddleware, type ProvidersHealth, oidc, provider, requireAuth } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import type { Handler } from '../../hosts/layers.js'
import { type AppRequest, json } from '../../kit/app.js'
import { guarded } from '../../kit/world/applications.js'
import { watchAll } from '../../kit/watching/watching.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'
import { secret } from '../../kit/world/world.js'

let world: SeveralWorld
let browser: Browser
/** The application after a restart with other options. */
let restarted: OidcMiddleware<ProvidersHealth> | undefined

const afterRestart: Handler = (req, res, next) => {
  if (restarted === undefined) return next()
  restarted(req, res, () => json(res, { at: (req as AppRequest).oidc.provider ?? null }))
}

beforeAll(async () => {
  world = await startSeveral({
    before: [afterRestart],
    layers: [
      guarded('/page-of-people', requireAuth()),
      guarded('/both', requireAuth(provider('work'), provider('google'))),
    ],
  })
})
afterAll(() => world.close())
beforeEach(() => {
  browser = new Browser()
})

const isSession = ({ name }: { readonly name: string }) => /^oidc_[0-9a-f]{8}$/.test(name)

test.each<[string, 'work' | null, (options: SeveralWorld['options']) => object]>([
  ['is still there where the others are gone', 'work', ({ work }) => ({ work })],
  ['ends where its provider is gone', null, ({ google }) => ({ google })],
  ['ends where its provider has another name', null, ({ google, work }) => ({ google, office: work })],
  ['ends where another client has the name', null, ({ work }) => ({ work: { ...work, clientId: 'another' } })],
  [
    'ends where another issuer has the name',
    null,
    ({ google, work }) => ({ work: { ...work, issuer: google.issuer } }),
  ],
  ['ends where the names are exchanged', null, ({ google, work }) => ({ google: work, work: google })],
])('after a restart with other options, a session %s', async (_what, at, providersOf) => {
  await world.signIn('work', browser)
  expect(browser.cookies.all().some(isSession)).toBe(true)
  restarted = oidc({ providers: { ...providersOf(world.options) }, baseUrl: world.url('/').slice(0, -1), secret })
  try {
    const answer = await browser.navigate(world.url('/page'))
    expect([answer.status, answer.json()]).toEqual([200, { at }])
    expect(browser.cookies.all().some(isSession)).toBe(at !== null)
  } finally {
    restarted.close()
    restarted = undefined
  }
})

test('the refusal of a guard tells logs why there is no session', async () => {
  const seen: unknown[] = []
  const watching = watchAll(({ step, details }, phase) => {
    if (step === 'guard' && phase === 'end') seen.push(details?.seen)
  })
  await browser.fetch(world.url('/page-of-people'))
  watching.stop()
  expect(seen).toEqual(['no cookie'])
})

test('a guard that asks for two providers at once ends in a refusal, and not in a loop', async () => {
  await world.signIn('google', browser)
  const page = await browser.navigate(world.url('/both'), { follow: 100 })
  expect(page.status).toBe(403)
})
