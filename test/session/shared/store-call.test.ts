import { describe, expect, test } from '@jest/globals'
import type { SessionStore } from '../../../lib/options/common/stores.js'
import { expressSessionStore } from '../../../lib/session/shared/express-store.js'
import { storeCall } from '../../../lib/session/shared/store-call.js'
import { Clock } from '../../kit/clock.js'

const outage = { code: 'session_store_unavailable', status: 503 }
const settings = { timeoutSeconds: 2, what: 'the session store' }
const missing = Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' })
/** What pg and mysql2 fail with where the socket file of their server is gone. */
const unreachable = Object.assign(new Error('connect ENOENT /run/db.sock'), { code: 'ENOENT', syscall: 'connect' })

describe('a call of a store of express-session that fails with ENOENT', () => {
  test('has found nothing, if it reads', async () => {
    expect(await storeCall(settings, (done) => done(missing))).toBeUndefined()
  })

  test('SR04: is an outage, if it writes: nothing was stored', async () => {
    await expect(storeCall({ ...settings, isWrite: true }, (done) => done(missing))).rejects.toMatchObject(outage)
  })

  test('SR04: is an outage, if there was no connection', async () => {
    for (const isWrite of [false, true])
      await expect(storeCall({ ...settings, isWrite }, (done) => done(unreachable))).rejects.toMatchObject(outage)
  })

  test('SR04: is an outage for each use of a shared store without a connection', async () => {
    const fail: SessionStore['get'] = (_name, done) => done(unreachable)
    const store: SessionStore = {
      get: fail,
      destroy: (name, done) => fail(name, done ?? (() => undefined)),
      set: () => undefined,
    }
    const shared = expressSessionStore({
      store,
      runtime: { now: new Clock().now, randomBytes: Buffer.alloc },
      timeoutSeconds: 2,
    })
    await expect(shared.get(['a'])).rejects.toMatchObject(outage)
    await expect(shared.remove('a')).rejects.toMatchObject(outage)
  })

  test('stores nothing in a shared store, but removes what is not there', async () => {
    const fail: SessionStore['destroy'] = (_name, done) => done?.(missing)
    const store: SessionStore = {
      get: (_name, done) => done(undefined),
      destroy: fail,
      set: (name, _value, done) => fail(name, done),
    }
    const shared = expressSessionStore({
      store,
      runtime: { now: new Clock().now, randomBytes: Buffer.alloc },
      timeoutSeconds: 2,
    })
    await expect(shared.set('a', '1', 1000)).rejects.toMatchObject(outage)
    expect(await shared.remove('a')).toBe(true)
  })
})
