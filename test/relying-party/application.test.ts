import { describe, expect, test } from '@jest/globals'
import { parseProvidersOptions } from '../../lib/options/oidc/providers/parse-providers.js'
import { type ApplicationConfiguration, parseOidcOptions } from '../../lib/options/oidc/schema.js'
import type { OidcOptions } from '../../lib/index.js'
import { createApplication } from '../../lib/relying-party/application.js'
import { namesOf } from '../../lib/session/revocation/revocations.js'
import { Clock } from '../kit/clock.js'
import { FakeStore } from '../kit/stores/memory.js'
import { sessionAt } from '../kit/world/tenants.js'
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

describe('logouts of a session whose ID Token names its tenant', () => {
  const { issuer: _issuer, clientId, clientSecret, ...common } = required
  const oneTenant = { issuer: 'https://login.example/ours/v2.0', clientId, clientSecret }
  const template = { issuer: 'https://login.example/{tenantid}/v2.0', tenants: ['ours'], clientId, clientSecret }
  const single = (provider: Partial<OidcOptions>) => parseOidcOptions({ ...common, ...provider })
  const several = (providers: unknown) => parseProvidersOptions({ ...common, providers })

  /** How many logouts are looked for; the session has a `sid`. */
  async function lookedFor(configuration: ApplicationConfiguration): Promise<number | undefined> {
    const sharedStore = new FakeStore(new Clock())
    const { revocations } = createApplication({ ...configuration, sharedStore }, ['web'], new Clock())
    await revocations.latest(() => namesOf(sessionAt('ours')))
    return sharedStore.calls[0]?.names.length
  }

  test.each<[string, ApplicationConfiguration, number]>([
    ['the issuer is that of the tenant', single(oneTenant), 4],
    ['the issuer is a template', single(template), 7],
    ['no issuer of several is a template', several({ one: oneTenant, other: oneTenant }), 4],
    ['one issuer of several is a template', several({ one: oneTenant, other: template }), 7],
    ['a function knows the providers', several(() => template), 7],
  ])('are looked for at the tenant only where a logout may name it: %s', async (_where, configuration, count) => {
    expect(await lookedFor(configuration)).toBe(count)
  })
})
