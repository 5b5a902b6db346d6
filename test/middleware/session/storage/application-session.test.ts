import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import cookieSession from 'cookie-session'
import expressSession from 'express-session'
import type { Handler } from '../../../hosts/layers.js'
import { stopMachine } from '../../../kit/clock.js'
import { answering } from '../../../kit/world/applications.js'
import { comeBack, toCallback } from '../../../kit/world/steps.js'
import { startWorld, type World } from '../../../kit/world/world.js'

let goOn: () => void
beforeEach(() => void (goOn = stopMachine()))
afterEach(() => goOn())

const sessionLayers: readonly [string, (maxAge?: number) => Handler][] = [
  [
    'express-session',
    (maxAge) => {
      const options = { name: 'app', secret: 'x'.repeat(32), resave: false, saveUninitialized: false }
      return expressSession({ ...options, cookie: maxAge === undefined ? {} : { maxAge } }) as unknown as Handler
    },
  ],
  ['cookie-session', (maxAge) => cookieSession({ name: 'app', keys: ['x'], maxAge }) as unknown as Handler],
]
const day = 86_400
const session = { use: 'request', idleSeconds: 600, absoluteSeconds: 900, rollingStepSeconds: 60 } as const
const layers = [
  answering('/note', (req) => {
    const own = Reflect.get(req, 'session') as Record<string, unknown>
    own['note'] = Number(own['note'] ?? 0) + 1
    return own['note']
  }),
]

/** Seconds that the cookie of the application's session lives, 0 for one that goes with the browser; `undefined` without it. */
function ageOf(lines: readonly string[]): number | undefined {
  const line = lines.find((each) => /^app=[^;]/.test(each))
  const [, date] = /expires=([^;]+)/i.exec(line ?? '') ?? []
  if (line === undefined || date === undefined) return line === undefined ? undefined : 0
  return Math.round((Date.parse(date) - Date.now()) / 1000)
}

describe.each(sessionLayers)('the cookie of %s, with remember from onLogin,', (_name, sessionLayer) => {
  let world: World
  afterEach(() => world.close())

  async function enter(remember: boolean | undefined, maxAge?: number): Promise<number | undefined> {
    const before = [sessionLayer(maxAge === undefined ? undefined : maxAge * 1000)]
    world = await startWorld({ before, layers, oidc: { session, onLogin: () => ({ remember }) } })
    return ageOf((await comeBack(await toCallback(world), world.browser)).setCookies)
  }
  const note = async (): Promise<number | undefined> =>
    ageOf((await world.browser.fetch(world.url('/note'))).setCookies)

  test('true: lives as long as the login, also where the application would have it go with the browser, or stay for a day', async () => {
    for (const maxAge of [undefined, day]) {
      expect(await enter(true, maxAge)).toBe(600)
      world.clock.advance(100)
      expect(await note()).toBe(600)
      world.clock.advance(500)
      expect(await note()).toBe(300)
      await world.close()
    }
  })

  test('false: goes with the browser, also where the application would have it stay for a day', async () => {
    expect(await enter(false, day)).toBe(0)
    world.clock.advance(100)
    expect((await note()) ?? 0).toBe(0)
  })

  test('not given: is left to the application', async () => {
    expect(await enter(undefined, day)).toBe(day)
    world.clock.advance(100)
    expect(await note()).toBe(day)
  })
})
