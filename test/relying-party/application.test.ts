import { describe, expect, test } from '@jest/globals'
import { parseOidcOptions } from '../../lib/options/oidc/schema.js'
import type { OidcOptions } from '../../lib/index.js'
import { createApplication } from '../../lib/relying-party/application.js'
import { Clock } from '../kit/clock.js'
import { FakeStore } from '../kit/stores/memory.js'
import { secret } from '../kit/world/world.js'
import { pastDeadline, timersDuring } from '../kit/timers.js'

const seconds = 7
const required: OidcOptions = {
  issuer: 'https://op.example.com',
  clientId: 'web',
  clientSecret: 'of the client',
  baseUrl: 'https://app.example.com',
  secret,
}
const storesOf = (options: Partial<OidcOptions>) =>
  createApplication(parseOidcOptions({ ...required, ...options }), ['web'], new Clock())
const hanging = (): FakeStore => {
  const store = new FakeStore(new Clock())
  store.before = () => new Promise(() => undefined)
  return store
}
const outage = { code: 'session_store_unavailable', status: 503 }

describe('the stores of an application', () => {
  test('SR04: have session.storeTimeoutSeconds to answer, whichever option they are in', async () => {
    const [store, sharedStore] = [hanging(), hanging()]
    const stores = storesOf({ sharedStore, session: { store, storeTimeoutSeconds: seconds } })
    for (const each of [stores.sessionStore, stores.sharedStore]) {
      await expect(pastDeadline(seconds, async () => each?.get(['a']))).rejects.toMatchObject(outage)
    }
    expect([store.count(), sharedStore.count()]).toEqual([1, 1])
  })

  test('SR04: have two seconds by default', async () => {
    const { sessionStore } = storesOf({ session: { store: hanging() } })
    await expect(pastDeadline(2, async () => sessionStore?.get(['a']))).rejects.toMatchObject(outage)
  })

  test('have the time once for each call of a store of express-session', async () => {
    const store = {
      get: (_sid: string, done: (error: unknown, session?: unknown) => void) => done(null),
      set: (_sid: string, _session: unknown, done?: () => void) => done?.(),
      destroy: (_sid: string, done?: () => void) => done?.(),
    }
    const { sessionStore } = storesOf({ session: { store, storeTimeoutSeconds: seconds } })
    const { waits } = await timersDuring(async () => sessionStore?.get(['a', 'b']))
    expect(waits).toEqual([seconds * 1000, seconds * 1000])
  })
})
