import { describe, expect, test } from '@jest/globals'
import { isSeveral } from '../../../lib/session/storage/sealed-cookies.js'
import { ProcessRevocations } from '../../../lib/session/revocation/revocations.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import {
  createStatelessStorage,
  revocableStorage,
  type StatelessStorage,
} from '../../../lib/session/storage/stateless.js'
import { type SessionStorage, storedSessionIn, unreadable } from '../../../lib/session/storage/storage.js'
import { idToken, limits, record, sentBack, settings } from '../example.js'
import { Clock, start } from '../../kit/clock.js'

type Cookies = Readonly<Record<string, string>>

function recordAt(storage: StatelessStorage, cookies: Cookies): SessionRecord | undefined {
  const found = storage.read(cookies)
  return isSeveral(found) ? undefined : storedSessionIn(found)?.record
}

/** The cookies of a session that the storage knows, since it has read them three times. */
function knownCookies(storage: StatelessStorage | SessionStorage, given = record()): Cookies {
  const cookies = sentBack(storage.write(given, {}))
  for (let i = 0; i < 3; i += 1) void storage.read(cookies)
  return cookies
}

describe('cookies that were read before', () => {
  test('are not opened again', () => {
    const storage = createStatelessStorage(settings(new Clock()))
    const cookies = knownCookies(storage)
    expect(recordAt(storage, cookies)).toEqual(record())
    expect(recordAt(storage, cookies)).toBe(recordAt(storage, { ...cookies }))
  })

  test('are not opened again when there are several parts, and only if each is the same', () => {
    const storage = createStatelessStorage(settings(new Clock()))
    const [one, two] = ['1', '2'].map((id) =>
      knownCookies(storage, record({ id, idToken: idToken({ note: 'x'.repeat(3000) }) })),
    )
    expect(recordAt(storage, one ?? {})).toBe(recordAt(storage, { ...one }))
    expect(recordAt(storage, { ...one, '__Host-oidc.1': two?.['__Host-oidc.1'] ?? '' })).toBeUndefined()
  })

  test('are refused when a single character differs', () => {
    const storage = createStatelessStorage(settings(new Clock()))
    const { '__Host-oidc': sealed = '' } = knownCookies(storage)
    for (let index = 0; index < sealed.length; index += 7) {
      const other = sealed[index] === 'A' ? 'B' : 'A'
      const altered = sealed.slice(0, index) + other + sealed.slice(index + 1)
      expect(storage.read({ '__Host-oidc': altered })).toBeUndefined()
    }
  })

  test('end with the idle and the absolute limit all the same', () => {
    const runtime = new Clock()
    const storage = createStatelessStorage(settings(runtime))
    const cookies = knownCookies(storage)
    const late = knownCookies(storage, record({ touchedAt: start + 3500 }))
    const isAlive = (sent: Cookies, seconds: number): boolean => {
      runtime.seconds = start + seconds
      return storage.read(sent) !== undefined
    }
    expect([isAlive(cookies, 599), isAlive(cookies, 600)]).toEqual([true, false])
    expect([isAlive(late, 3599), isAlive(late, 3600)]).toEqual([true, false])
  })

  test('end with a logout all the same: by session, person, or session at the provider', () => {
    const runtime = new Clock()
    const revocations = new ProcessRevocations(runtime, limits.absoluteSeconds)
    const storage = revocableStorage(createStatelessStorage(settings(runtime)), {
      ...{ revocations, runtime, remark: () => undefined },
    })
    for (const [id, target] of [
      ['a', { id: 'a' }],
      ['b', { subject: 'of b' }],
      ['c', { sid: 'at the provider, c' }],
    ] as const) {
      const claims = { sub: `of ${id}`, sid: `at the provider, ${id}` }
      const cookies = knownCookies(storage, record({ id, idToken: idToken(claims) }))
      expect(storage.read(cookies)).toMatchObject({ record: { id } })
      revocations.revoke(target, runtime.now())
      runtime.seconds += 10
      expect(storage.read(cookies)).toBeUndefined()
    }
  })

  test('count at the base URL where they began, and at no other', () => {
    const storage = createStatelessStorage(settings(new Clock()))
    const cookies = knownCookies(storage, record({ origin: 'https://a.example' }))
    const at = (origin: string): unknown => storage.read(cookies, undefined, { origin, isFirst: false })
    expect(at('https://a.example')).toMatchObject({ record: { id: 'an-id' } })
    expect(at('https://b.example')).toBe(unreadable)
  })

  test.each([
    ['secret', { secrets: ['the secret of another application, 32 characters'] }],
    ['client', { audience: ['https://op.example.com', 'another client'] }],
    ['issuer', { audience: ['https://another-op.example.com', 'web'] }],
    ['name of the cookie', { name: 'other' }],
  ])('are unknown to a handler with another %s', (_what, changes) => {
    const runtime = new Clock()
    const { '__Host-oidc': sealed = '' } = knownCookies(createStatelessStorage(settings(runtime)))
    const other = createStatelessStorage(settings(runtime, changes))
    expect(other.read({ '__Host-oidc': sealed, '__Host-other': sealed })).toBeUndefined()
  })

  test('say with each request that an older secret sealed them', () => {
    const runtime = new Clock()
    const older = 'an older secret for tests, 32 characters at least'
    const cookies = sentBack(createStatelessStorage(settings(runtime, { secrets: [older] })).write(record(), {}))
    const secrets = [...settings(runtime).secrets, older]
    const rotated = createStatelessStorage(settings(runtime, { secrets }))
    for (let i = 0; i < 4; i += 1) expect(rotated.read(cookies)).toMatchObject({ outdatedKey: true })
  })

  test('are the same for each request, whatever one of them does with what it got', () => {
    const storage = createStatelessStorage(settings(new Clock()))
    const detail = { type: 'payment_initiation', actions: ['initiate'] }
    const given = record({
      tokens: { ...record().tokens, authorizationDetails: [detail] },
      userinfo: { address: { country: 'FR' } },
      data: { cart: ['book'] },
      provider: { name: 'work', key: 'a key' },
      device: { id: 'a device', offeredUntil: start },
    })
    const cookies = knownCookies(storage, given)
    const found = recordAt(storage, cookies)
    const changes: readonly (() => unknown)[] = [
      () => Object.assign(found ?? {}, { id: 'another' }),
      () => Object.assign(found?.tokens ?? {}, { accessToken: 'another' }),
      () => Object.assign(found?.tokens.authorizationDetails?.[0] ?? {}, { type: 'another' }),
      () => Object.assign(found?.userinfo?.['address'] ?? {}, { country: 'another' }),
      () => Reflect.apply(Array.prototype.push, found?.data['cart'], ['another']),
      () => Object.assign(found?.provider ?? {}, { key: 'another' }),
      () => Object.assign(found?.device ?? {}, { thumbprint: 'another' }),
    ]
    for (const change of changes) expect(change).toThrow(TypeError)
    expect(recordAt(storage, cookies)).toEqual(given)
  })

  test('are forgotten when they are replaced or removed', () => {
    const storage = createStatelessStorage(settings(new Clock()))
    for (const change of [
      (cookies: Cookies) => storage.write(record({ data: { next: true } }), cookies),
      (cookies: Cookies) => storage.clear(cookies),
    ]) {
      const cookies = knownCookies(storage)
      const before = recordAt(storage, cookies)
      change(cookies)
      expect(recordAt(storage, cookies)).toEqual(before)
      expect(recordAt(storage, cookies)).not.toBe(before)
    }
  })
})
