import { beforeEach, describe, expect, test } from '@jest/globals'
import { createNamedSeals, createSeal } from '../../../lib/seal/seal.js'
import { type SessionStorage, unreadable } from '../../../lib/session/storage/storage.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { idToken, limits, record, sentBack, settings } from '../example.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience, gate, storageOn, storeName, revocationsOn } from '../../kit/stores/stores.js'
import { Clock, start } from '../../kit/clock.js'

let watch: Clock
let sharedStore: FakeStore
let storage: SessionStorage
beforeEach(() => {
  watch = new Clock()
  sharedStore = new FakeStore(watch)
  storage = storageOn(sharedStore, watch)
})

const name = storeName('an-id')
const { secrets } = settings(new Clock())
const secretTokens = { accessToken: 'access-123', refreshToken: 'refresh-123', tokenType: 'bearer', scope: 'openid' }
const person = record({ idToken: idToken({ sid: 'sid-123', sub: 'alice' }), tokens: secretTokens })

/** Logs somebody in and returns the cookies that the browser then sends. */
async function login(of: SessionRecord = person): Promise<Record<string, string>> {
  return sentBack(storage.write(await storage.save(of, undefined), {}))
}

describe('sessions in a store', () => {
  test('are found again by every process, in one tick', async () => {
    const cookies = await login()
    const other = storageOn(sharedStore, watch)
    sharedStore.calls.length = 0
    const found = other.read(cookies)
    expect(sharedStore.calls.map(({ operation, names }) => [operation, names.length])).toEqual([
      ['get', 1],
      ['get', 4],
    ])
    expect(await found).toEqual({ record: person, outdatedKey: false })
    expect(sharedStore.count()).toBe(2)
  })

  test('the log says why a request has no session', async () => {
    const cookies = await login()
    const other = storageOn(sharedStore, watch, { secrets: ['another secret, of 32 characters at least'] })
    expect(storage.absence({})).toEqual({ seen: 'no cookie' })
    expect(other.absence(cookies)).toMatchObject({ seen: expect.stringContaining('no "secret"'), option: 'secret' })
    await storage.end(person)
    expect(storage.absence(cookies)).toMatchObject({ seen: expect.stringContaining('no longer in the session store') })
    watch.seconds = start + 600
    expect(storage.absence(cookies)).toMatchObject({ seen: 'ended (idle)', option: 'session.idleSeconds' })
  })

  test('take the same new tokens from any number of requests at once, and write them no more than needed', async () => {
    await login()
    const tokens = { ...secretTokens, accessToken: 'access-124', refreshToken: 'refresh-124', generation: 1 }
    const renewed = { ...person, tokens }
    const both = [storage, storageOn(sharedStore, watch)] as const
    const saves = Array.from({ length: 40 }, async (_, index) =>
      both[index % 2 === 0 ? 0 : 1].save({ ...renewed }, person),
    )
    expect(new Set((await Promise.all(saves)).map(({ tokens: { accessToken } }) => accessToken))).toEqual(
      new Set(['access-124']),
    )
    expect(await storage.find(person)).toMatchObject({ tokens })
    const stored = await sharedStore.get([name])
    expect(await storageOn(sharedStore, watch).save(renewed, person)).toEqual(renewed)
    expect(await sharedStore.get([name])).toEqual(stored)
  })

  test('are written again, though nothing has changed, where an older secret has sealed them', async () => {
    await login()
    const both = ['a newer secret for tests only, 32 characters', ...secrets]
    await storageOn(sharedStore, watch, { secrets: both }).save(person, person)
    expect(await storageOn(sharedStore, watch, { secrets: both.slice(0, 1) }).find(person)).toEqual(person)
  })

  test('cost nothing where none of their cookies comes', () => {
    expect([storage.read({}), storage.read({ '__Host-oidc': 'garbage' }), sharedStore.count()]).toEqual([
      undefined,
      undefined,
      0,
    ])
  })

  test('SR01: hide their content in the store and in the cookie', async () => {
    const cookies = await login()
    const [[key = '', value = ''] = []] = [...sharedStore.contents()]
    expect(key).toMatch(/^session:1:[\w-]{43}$/)
    const dump = `${key} ${value} ${JSON.stringify(cookies)}`
    const decoded = dump.split(/[^\w-]+/).map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    for (const secret of ['an-id', 'alice', 'sid-123', 'access-123', 'refresh-123', person.idToken]) {
      expect([dump, ...decoded].some((text) => text.includes(secret))).toBe(false)
    }
    expect(dump).not.toContain(`${key} ${cookies['__Host-oidc']}`)
  })

  test('SR01: open neither with the secret alone nor with another id', async () => {
    await login()
    const sealed = sharedStore.contents().get(name) ?? ''
    const purposes = [
      ['stored session', ...audience],
      ['session', ...audience],
      ['stored session', ...audience, 'b'],
    ]
    for (const purpose of purposes) expect(createSeal(secrets, purpose, watch).open(sealed)).toBeUndefined()
    expect(createNamedSeals(secrets, ['stored session', ...audience], watch)('b').open(sealed)).toBeUndefined()
    expect(createNamedSeals(secrets, ['stored session', ...audience], watch)('an-id').open(sealed)).toBeDefined()
    await sharedStore.set(storeName('b'), sealed, 1_000)
    const another = sentBack(storage.write({ ...person, id: 'b' }, {}))
    expect(await storage.read(another)).toBe(unreadable)
  })

  test('end by a logout at their tenant, also where the cookie is of a version that did not name it', async () => {
    const [iss, tid] = ['https://op.example.com/ours', 'ours']
    const ofTenant = { ...person, idToken: idToken({ iss, tid }) }
    const cookies = await login(ofTenant)
    const before = sentBack(storage.write({ ...person, idToken: idToken({ iss }) }, {}))
    sharedStore.calls.length = 0
    expect(await storage.read(cookies)).toMatchObject({ outdatedKey: false })
    expect(sharedStore.count()).toBe(2)
    expect(await storage.read(before)).toMatchObject({ record: { id: 'an-id' }, outdatedKey: true })
    const revocations = revocationsOn(sharedStore, watch)
    await revocations.revoke({ subject: 'alice', issuer: 'https://op.example.com/theirs' }, watch.now())
    expect(await storage.find(ofTenant)).toMatchObject({ id: 'an-id' })
    await revocations.revoke({ subject: 'alice', issuer: iss }, watch.now())
    watch.seconds += 11
    expect(await Promise.all([storage.read(cookies), storage.read(before), storage.find(ofTenant)])).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('SR02: that the store does not know are anonymous, and the cookie is removed', async () => {
    const cookies = await login()
    await sharedStore.remove(name)
    expect(await storage.read(cookies)).toBeUndefined()
    expect(storage.clear(cookies)).toEqual([expect.stringMatching(/^__Host-oidc=; Max-Age=0/)])
    expect(sharedStore.contents().size).toBe(0)
  })

  test('end with the idle limit, in the cookie and in the store', async () => {
    const cookies = await login()
    expect(sharedStore.remaining(name)).toBe(limits.idleSeconds * 1000)
    watch.seconds += limits.idleSeconds - 1
    expect(await storage.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
    watch.seconds += 1
    expect([await storage.read(cookies), sharedStore.contents().size]).toEqual([undefined, 0])
  })

  test('end by the current limits, though the store would keep them longer', async () => {
    const cookies = await login()
    watch.seconds += 61
    const strict = storageOn(sharedStore, watch, { limits: { ...limits, idleSeconds: 60 } })
    expect(await strict.read(cookies)).toBeUndefined()
  })

  test('SR05: are stored for as long as they live, in the same write, never beyond the absolute limit', async () => {
    await login()
    for (const [at, left] of [
      [100, 600],
      [3_200, 400],
      [3_599.5, 0.5],
    ] as const) {
      watch.seconds = start + at
      await sharedStore.set(name, sharedStore.contents().get(name) ?? (await sealedAgain()), 60_000)
      await storage.save({ ...person, touchedAt: Math.floor(start + at), data: { at } }, person)
      expect(sharedStore.remaining(name)).toBe(left * 1000)
    }
    expect(
      sharedStore.calls.filter(({ operation }) => operation === 'replace').map((call) => call.milliseconds),
    ).toEqual([600_000, 400_000, 500])
  })

  async function sealedAgain(): Promise<string> {
    await storage.save(person, undefined)
    return sharedStore.contents().get(name) ?? ''
  }

  test('sealed with older secrets are found, and say so, wherever the old secret stands', async () => {
    const cookies = await login()
    const rotated = storageOn(sharedStore, watch, { secrets: ['the next secret for tests, 32 characters', ...secrets] })
    expect(await rotated.read(cookies)).toMatchObject({ outdatedKey: true })
    const ticket = sentBack(rotated.write(person, {}))
    expect(await rotated.read(ticket)).toMatchObject({ outdatedKey: true })
    await rotated.save(person, person)
    expect(await rotated.read(ticket)).toMatchObject({ outdatedKey: false })
    expect(await rotated.read(cookies)).toMatchObject({ outdatedKey: true })
  })
})

describe('a session written by another version', () => {
  test.each<[string, (of: string) => Promise<unknown>]>([
    ['a corrupt record', (of) => sharedStore.set(of, 'garbage', 60_000)],
    ['an empty record', (of) => sharedStore.set(of, '', 60_000)],
    ['a newer record', (of) => sharedStore.set(of, newer(), 60_000)],
  ])('as %s is not read, stays in the store, and its cookie stays too', async (_what, spoil) => {
    const cookies = await login()
    await spoil(name)
    const before = sharedStore.contents().get(name)
    expect([await storage.read(cookies), await storage.find(person)]).toEqual([unreadable, undefined])
    await expect(storage.save({ ...person, data: { a: 1 } }, person)).rejects.toMatchObject({ code: 'session_missing' })
    storage.touch({ ...person, touchedAt: start + 60 }, person)
    await new Promise(setImmediate)
    expect(sharedStore.contents().get(name)).toBe(before)
  })

  const newer = (): string =>
    createSeal(secrets, ['stored session', ...audience, 'an-id'], watch).seal({ v: 2, exp: start + 60, id: 'an-id' })

  test.each([
    { v: 2, id: 'an-id', sub: 'alice' },
    { v: 1, id: 7, sub: 'alice' },
    { v: 1, id: 'an-id' },
  ])('with a ticket of another shape is not read, and stays: %p', (members) => {
    const tickets = createSeal(secrets, ['session ticket', '__Host-oidc', ...audience], watch)
    const seal = (exp: number) => ({ '__Host-oidc': tickets.seal({ ...members, exp }) })
    expect([storage.read(seal(start + 60)), storage.read(seal(start)), sharedStore.count()]).toEqual([
      unreadable,
      undefined,
      0,
    ])
  })
})

describe('a session that has ended', () => {
  test('SR03: is removed from the store, and a mark outlives whatever slow requests may write', async () => {
    const cookies = await login()
    const stored = sharedStore.contents().get(name) ?? ''
    await storage.end(person)
    expect(sharedStore.contents().has(name)).toBe(false)
    await sharedStore.set(name, stored, 60_000)
    expect([await storage.read(cookies), await storage.find(person)]).toEqual([unreadable, undefined])
  })

  test('SR03: is not restored by a change that began before', async () => {
    await login()
    const held = gate()
    sharedStore.before = ({ operation }) => (operation === 'replace' ? held.opened : undefined)
    const saving = storage.save({ ...person, data: { a: 1 } }, person)
    await new Promise(setImmediate)
    await storageOn(sharedStore, watch).end(person)
    held.open()
    await expect(saving).rejects.toMatchObject({ code: 'session_missing', status: 401 })
    storage.touch({ ...person, touchedAt: start + 60 }, person)
    await new Promise(setImmediate)
    expect([...sharedStore.contents().keys()].filter((key) => key.startsWith('session:'))).toEqual([])
  })

  test('SR07: by sub ends with all sessions of the person, and stays ended though the store has them', async () => {
    const cookies = [await login(), await login({ ...person, id: 'b' })]
    await revocationsOn(sharedStore, watch).revoke({ subject: 'alice' }, watch.now())
    for (const each of cookies) expect(await storage.read(each)).toBe(unreadable)
    expect(sharedStore.contents().has(name)).toBe(true)
    const later = await login({ ...person, id: 'c', createdAt: start + 0.001 })
    expect(await storage.read(later)).toMatchObject({ record: { id: 'c' } })
  })

  test.each([
    ['sub', { subject: 'alice' }],
    ['sid', { sid: 'sid-123' }],
    ['the hash of its id', 'hash'],
  ] as const)('SR03, SR07: by %s is changed no more, though the store has it', async (_by, given) => {
    await login()
    const revocations = revocationsOn(sharedStore, watch)
    const target = given === 'hash' ? { hash: revocations.hashOf({ id: 'an-id' }) } : given
    await revocations.revoke(target, watch.now())
    const changed = { ...person, data: { a: 1 } }
    const saving = async () => storage.save(changed, person)
    await expect(saving()).rejects.toMatchObject({ code: 'session_missing', status: 401 })
    const later = { ...changed, id: 'c', createdAt: start + 0.001 }
    await login(later)
    expect(await storage.save(later, later)).toEqual(later)
  })

  test('SR03: is looked for when another one changes it, in the same tick', async () => {
    await login()
    sharedStore.calls.length = 0
    const saving = storage.save({ ...person, data: { a: 1 } }, person)
    expect(sharedStore.calls.map(({ operation, names }) => [operation, names.length])).toEqual([
      ['get', 1],
      ['get', 4],
    ])
    await saving
    sharedStore.calls.length = 0
    storage.touch({ ...person, touchedAt: start + 60 }, person)
    await new Promise(setImmediate)
    expect(sharedStore.calls.map(({ operation }) => operation)).toEqual(['get', 'replace'])
  })

  test('SR08: of another application in the same store leaves this one’s alone', async () => {
    const cookies = await login()
    const other = storageOn(sharedStore, watch, { audience: ['https://op.example.com', 'other'] })
    expect(other.read(cookies)).toBeUndefined()
    await other.end(person)
    expect(await storage.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
  })
})

describe('simultaneous changes of one session', () => {
  test('are all kept', async () => {
    const cookies = await login()
    const changes = ['a', 'b', 'c', 'd'].map(async (of) =>
      storageOn(sharedStore, watch).save({ ...person, data: { [of]: 1 } }, person),
    )
    await Promise.all(changes)
    expect(await storage.read(cookies)).toMatchObject({ record: { data: { a: 1, b: 1, c: 1, d: 1 } } })
  })

  test('are all kept, however many requests of one process make them at once', async () => {
    const cookies = await login()
    const names = Array.from({ length: 50 }, (_, of) => `m${of}`)
    const saved = await Promise.all(names.map(async (of) => storage.save({ ...person, data: { [of]: 1 } }, person)))
    const data = Object.fromEntries(names.map((of) => [of, 1]))
    expect(await storage.read(cookies)).toMatchObject({ record: { data } })
    names.forEach((of, index) => expect(saved[index]?.data).toMatchObject({ [of]: 1 }))
  })

  test('are all kept, though several processes make many at once', async () => {
    const cookies = await login()
    const processes = Array.from({ length: 5 }, () => storageOn(sharedStore, watch))
    const names = Array.from({ length: 40 }, (_, of) => `m${of}`)
    await Promise.all(
      names.map(async (of, index) => processes[index % 5]?.save({ ...person, data: { [of]: 1 } }, person)),
    )
    expect(await storage.read(cookies)).toMatchObject({
      record: { data: Object.fromEntries(names.map((of) => [of, 1])) },
    })
  })

  test('are stored together where they have waited for another', async () => {
    await login()
    sharedStore.calls.length = 0
    const names = Array.from({ length: 20 }, (_, of) => `m${of}`)
    await Promise.all(names.map(async (of) => storage.save({ ...person, data: { [of]: 1 } }, person)))
    const ofSession = sharedStore.calls.filter(({ names: [of] }) => of === name)
    expect(ofSession.map(({ operation }) => operation)).toEqual(['get', 'replace', 'get', 'replace'])
    expect(sharedStore.count()).toBe(6)
  })

  test('wait for none of another session', async () => {
    const other = { ...person, id: 'b' }
    await Promise.all([login(), login(other)])
    const held = gate()
    sharedStore.before = ({ names: [of] }) => (of === name ? held.opened : undefined)
    const waiting = storage.save({ ...person, data: { a: 1 } }, person)
    expect(await storage.save({ ...other, data: { b: 1 } }, other)).toMatchObject({ data: { b: 1 } })
    held.open()
    expect(await waiting).toMatchObject({ data: { a: 1 } })
  })

  test('that fail together do not fail those that come later', async () => {
    await login()
    sharedStore.outage = true
    const failing = ['a', 'b', 'c'].map(async (of) => storage.save({ ...person, data: { [of]: 1 } }, person))
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
    sharedStore.outage = false
    expect(await storage.save({ ...person, data: { d: 1 } }, person)).toMatchObject({ data: { d: 1 } })
  })

  test('that never find their turn are an outage', async () => {
    await login()
    sharedStore.replace = async () => false
    await expect(storage.save({ ...person, data: { a: 1 } }, person)).rejects.toMatchObject({
      code: 'session_store_unavailable',
      headers: { 'Retry-After': '5' },
    })
  })
})

describe('a session store that is unavailable', () => {
  test('SR04: is an outage at every call, and signs nobody out', async () => {
    const cookies = await login()
    sharedStore.outage = true
    await expect(storage.read(cookies)).rejects.toThrow('away')
    await expect(storage.find(person)).rejects.toThrow('away')
    await expect(storage.save(person, undefined)).rejects.toThrow('away')
    await expect(storage.save(person, person)).rejects.toThrow('away')
    await expect(storage.end(person)).rejects.toThrow('away')
    storage.touch(person, person)
    await new Promise(setImmediate)
    sharedStore.outage = false
    expect(await storage.read(cookies)).toMatchObject({ record: { id: 'an-id' } })
  })

  test('SR04: only for the logouts is an outage, too', async () => {
    const marks = new FakeStore(watch)
    const apart = storageOn(sharedStore, watch, { revocations: revocationsOn(marks, watch) })
    const cookies = await login()
    marks.outage = true
    await expect(apart.read(cookies)).rejects.toThrow('away')
    await expect(apart.end(person)).rejects.toThrow('away')
  })
})
