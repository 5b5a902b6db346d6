import { describe, expect, jest, test } from '@jest/globals'
import type { TraceRemark } from '../../../lib/index.js'
import { createSeal } from '../../../lib/seal/seal.js'
import { ProcessRevocations } from '../../../lib/session/revocation/revocations.js'
import { toPayload } from '../../../lib/session/record.js'
import {
  createStatelessStorage,
  revocableStorage,
  type RevocableStorageSettings,
} from '../../../lib/session/storage/stateless.js'
import { UncountedSessions, unreadable } from '../../../lib/session/storage/storage.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience } from '../../kit/stores/stores.js'
import { idToken, limits, record, sentBack, settings } from '../example.js'

const elsewhere = { origin: 'https://b.example', isFirst: false }
const first = { origin: 'https://a.example', isFirst: true }

describe('a session that is too large for its cookies', () => {
  const messageOf = (changes: object): string => {
    const tokens = { accessToken: '~'.repeat(2000), tokenType: 'bearer', scope: 'openid' }
    const write = () =>
      createStatelessStorage(settings(new Clock(), { maxBytes: 2048 })).write(record({ tokens, ...changes }), {})
    try {
      return String(write())
    } catch (error) {
      return (error as Error).message.replace(/would take \d{4} bytes/, 'would take 4 digits of bytes')
    }
  }
  const begin =
    'the session would take 4 digits of bytes of cookies, over session.maxCookieBytes 2048 (before sealing: '
  const end =
    '). Keep sessions on the server (session.store), ask the provider for fewer claims or scopes, keep less in the session, or raise the limit (12288 at most)'
  const idTokenPart = `ID Token ${idToken().length}, access token 2000, refresh token 0`

  test('is refused with the length of each part', () => {
    expect(messageOf({ userinfo: { a: 'b' }, data: { canary: 1 } })).toBe(
      `${begin}${idTokenPart}, userinfo 9, data 12${end}`,
    )
  })

  test('has no part of UserInfo where there is none', () => {
    expect(messageOf({})).toBe(`${begin}${idTokenPart}, data 2${end}`)
  })

  test('is refused with the bytes that are left where all is left out', () => {
    const bytes: number[] = []
    for (const maxBytes of [100, 200]) {
      const write = () => createStatelessStorage(settings(new Clock(), { maxBytes })).write(record(), {})
      try {
        write()
      } catch (error) {
        bytes.push(Number(/would take (\d+) bytes/.exec((error as Error).message)?.[1]))
      }
    }
    const [one = 0, two = 0] = bytes
    expect(one).toBe(two)
    // Without header and signature of the ID Token, it is shorter than the whole one.
    const [line = ''] = createStatelessStorage(settings(new Clock())).write(record(), {})
    expect(one).toBeLessThan(line.indexOf(';') + 2)
  })
})

describe('a session in cookies', () => {
  test('is alive to the last fraction of its last second', () => {
    const clock = new Clock()
    const storage = createStatelessStorage(settings(clock))
    const cookies = sentBack(storage.write(record(), {}))
    clock.advance(599.9)
    expect(storage.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
  })

  test('counts at the base URL where it began only', () => {
    const storage = createStatelessStorage(settings(new Clock()))
    const cookies = sentBack(storage.write(record(), {}))
    const others = sentBack(storage.write(record({ origin: elsewhere.origin }), {}))
    expect([storage.read(cookies, undefined, elsewhere), storage.read(others, undefined, first)]).toEqual([
      unreadable,
      unreadable,
    ])
    expect(storage.read(cookies, undefined, first)).toMatchObject({ record: { id: 'an-id' } })
    expect(storage.read(others, undefined, elsewhere)).toMatchObject({ record: { id: 'an-id' } })
  })

  test('of several counts where it began, too', () => {
    const clock = new Clock()
    const storage = createStatelessStorage(settings(clock, { secure: false }))
    const value = (id: string, origin?: string): string => {
      const given = record({ id, ...(origin === undefined ? {} : { origin }) })
      return sentBack(storage.write(given, {}))['oidc'] ?? ''
    }
    const further = { furtherCookies: (name: string) => (name === 'oidc' ? [value('b', elsewhere.origin)] : []) }
    const found = storage.read({ oidc: value('a') }, further, first)
    expect(found).toEqual([expect.objectContaining({ record: record({ id: 'a' }) }), unreadable])
    clock.advance(600)
    expect(storage.read({ oidc: value('a') }, further, first)).toEqual([])
  })

  test('is forgotten with the token that it had no room for', () => {
    const clock = new Clock()
    const storage = createStatelessStorage(settings(clock, { maxBytes: 2000 }))
    const tokens = { accessToken: '~'.repeat(1500), refreshToken: 'r', tokenType: 'bearer', scope: 'openid' }
    const cookies = sentBack(storage.write(record({ tokens }), {}))
    expect(storage.read(cookies)).toMatchObject({ record: { tokens } })
    storage.forget(record({ tokens }))
    expect(storage.read(cookies)).toMatchObject({ record: { tokens: { accessToken: '' } } })
  })

  test('tells with its trace what was left out, once it is written, and nothing where it is whole', () => {
    const remark = jest.fn<(remarks: readonly TraceRemark[]) => void>()
    const storage = createStatelessStorage(settings(new Clock(), { maxBytes: 2000, remark }))
    storage.write(record(), {})
    expect(remark).not.toHaveBeenCalled()
    const tokens = { accessToken: '~'.repeat(1500), refreshToken: 'r', tokenType: 'bearer', scope: 'openid' }
    storage.write(record({ tokens }), {})
    expect(remark.mock.calls).toEqual([[['access_token_left_out']]])
  })

  test('is sealed under its purpose and the name of its cookie', () => {
    const clock = new Clock()
    const { secrets } = settings(clock)
    const { '__Host-oidc': sealed = '' } = sentBack(createStatelessStorage(settings(clock)).write(record(), {}))
    const seal = createSeal(secrets, ['session', '__Host-oidc', ...audience], clock)
    expect(seal.open(sealed)?.payload).toEqual(toPayload(record(), start + 600))
  })
})

describe('the Max-Age of a session’s cookies', () => {
  test.each([
    ['by default', {}, {}, true],
    ['by default, in a browser session', { transient: true }, {}, false],
    ['where the person wants to be remembered', { transient: true }, { remember: true }, true],
    ['where the person does not', {}, { remember: false }, false],
  ])('is there or not %s', (_what, changes, members, isThere) => {
    const [line = ''] = createStatelessStorage(settings(new Clock(), changes)).write(record(members), {})
    expect(line.includes('; Max-Age=600;')).toBe(isThere)
    expect(line.includes('Max-Age')).toBe(isThere)
  })

  test('ends with the session, counted from this second', () => {
    const clock = new Clock()
    clock.advance(100.75)
    const [line = ''] = createStatelessStorage(settings(clock)).write(record(), {})
    expect(line).toContain('; Max-Age=500;')
  })
})

describe('cookies of one name', () => {
  const clock = new Clock()
  const further = (values: readonly string[]) => ({
    furtherCookies: (name: string) => (/oidc$/.test(name) ? values : []),
  })
  const sealedWith = (changes: object): string => {
    const storage = createStatelessStorage(settings(clock, changes))
    return Object.values(sentBack(storage.write(record(), {})))[0] ?? ''
  }

  test('are removed where one of them is ours, unless browsers keep one only', () => {
    const open = createStatelessStorage(settings(clock, { secure: false }))
    const ours = sealedWith({ secure: false })
    expect(open.clear({ oidc: 'foreign' }, further([ours]))).toHaveLength(1)
    expect(open.clear({ oidc: 'foreign' }, further(['foreign too']))).toEqual([])
    expect(open.clear({ oidc: 'foreign' })).toEqual([])
    expect(open.clear({}, further([ours]))).toEqual([])
    const alone = createStatelessStorage(settings(clock))
    expect(alone.clear({ '__Host-oidc': 'foreign' }, further([sealedWith({})]))).toEqual([])
    expect(alone.clear({ '__Host-oidc': sealedWith({}) })).toHaveLength(1)
  })

  test('are none where the first of them is missing', () => {
    const open = createStatelessStorage(settings(clock, { secure: false }))
    expect(open.read({}, further([sealedWith({ secure: false })]))).toBeUndefined()
  })

  test('are looked through where a part came twice', () => {
    const storage = createStatelessStorage(settings(clock, { secure: false }))
    const large = record({ idToken: idToken({ note: 'x'.repeat(3000) }) })
    const cookies = sentBack(storage.write(large, {}))
    const ofPart = { furtherCookies: (name: string) => (name === 'oidc.1' ? [cookies['oidc.1'] ?? ''] : []) }
    expect(storage.read({ ...cookies, 'oidc.1': 'planted' }, ofPart)).toEqual([{ record: large, outdatedKey: false }])
  })
})

describe('revocable sessions in cookies', () => {
  const world = (changes: Partial<RevocableStorageSettings> = {}, cookieSettings: object = {}) => {
    const clock = new Clock()
    const revocations = new ProcessRevocations(clock, limits.absoluteSeconds)
    const remark = jest.fn<(remarks: readonly TraceRemark[]) => void>()
    const inner = createStatelessStorage(settings(clock, cookieSettings))
    const storage = revocableStorage(inner, { revocations, runtime: clock, remark, ...changes })
    return { clock, revocations, remark, inner, storage }
  }

  test('are chosen among those of one name, and the trace says where there are several people', () => {
    const { storage, remark } = world({}, { secure: false })
    const value = (changes: object): string => sentBack(storage.write(record(changes), {}))['oidc'] ?? ''
    const further = (of: string) => ({ furtherCookies: (name: string) => (name === 'oidc' ? [of] : []) })
    const [alice, newer] = [value({}), value({ id: 'newer', createdAt: start + 1 })]
    expect(storage.read({ oidc: alice }, further(newer))).toEqual({
      record: record({ id: 'newer', createdAt: start + 1 }),
      outdatedKey: false,
      others: [record()],
    })
    expect(remark).not.toHaveBeenCalled()
    const bob = value({ id: 'of-bob', idToken: idToken({ sub: 'bob' }) })
    expect(storage.read({ oidc: alice }, further(bob))).toBeInstanceOf(UncountedSessions)
    expect(remark.mock.calls).toEqual([[['several_people']]])
  })

  test('have newer tokens loaded, and none once they have ended', () => {
    const loadSuccessors = jest.fn<NonNullable<RevocableStorageSettings['loadSuccessors']>>()
    const { clock, storage } = world({ loadSuccessors })
    const cookies = sentBack(storage.write(record(), {}))
    expect(storage.read(cookies)).toEqual({ record: record(), outdatedKey: false })
    expect(loadSuccessors.mock.calls).toEqual([[record()]])
    void storage.end(record())
    clock.advance(9.999)
    expect(storage.read(cookies)).toBe(unreadable)
    clock.advance(0.001)
    expect(storage.read(cookies)).toBeUndefined()
  })

  test('have the access token that another process has shared', async () => {
    const clock = new Clock()
    const sharedStore = new FakeStore(clock)
    const tokens = { accessToken: '~'.repeat(1500), refreshToken: 'r', tokenType: 'bearer', scope: 'openid' }
    const processes = [1, 2].map(() => world({ runtime: clock }, { maxBytes: 2000, sharedStore }).storage)
    const cookies = sentBack(processes[0]?.write(record({ tokens }), {}) ?? [])
    expect(await processes[1]?.read(cookies)).toEqual({ record: record({ tokens }), outdatedKey: false })
    await processes[0]?.end(record({ tokens }))
    await new Promise(setImmediate)
    expect(sharedStore.contents().size).toBe(0)
  })

  test('are read, and missed, at the base URL of the request', () => {
    const { storage } = world()
    const cookies = sentBack(storage.write(record(), {}))
    expect([storage.read(cookies, undefined, elsewhere), storage.read(cookies, undefined, first)]).toEqual([
      unreadable,
      { record: record(), outdatedKey: false },
    ])
    expect(storage.absence(cookies, elsewhere)).toMatchObject({ seen: 'a session of another base URL' })
    expect(storage.absence(cookies, first)).toMatchObject({ reason: 'revoked' })
    expect(storage.absence({ '__Host-oidc': 'garbage' })).toMatchObject({ reason: 'tampered' })
    const { clock } = world()
    const { secrets } = settings(clock)
    const seal = createSeal(secrets, ['session', '__Host-oidc', ...audience], clock)
    expect(storage.absence({ '__Host-oidc': seal.seal({ v: 9, exp: start + 60 }) })).toEqual({
      seen: 'a cookie of another version of express-oidc',
    })
  })

  test('are touched by writing their cookies, and removed with them', () => {
    const { storage } = world()
    const cookies = sentBack(storage.write(record(), {}))
    expect(storage.touch(record(), record())).toBeUndefined()
    expect(storage.clear(cookies)).toEqual([expect.stringMatching(/^__Host-oidc=; Max-Age=0/)])
    expect(storage.clear({})).toEqual([])
  })
})
