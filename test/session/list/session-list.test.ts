import { beforeEach, describe, expect, test } from '@jest/globals'
import type { Person } from '../../../lib/session/list/entry.js'
import { SessionList, type SessionListSettings } from '../../../lib/session/list/session-list.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { namesOf, unlessEnded } from '../../../lib/session/revocation/revocations.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience, revocationsOn } from '../../kit/stores/stores.js'
import { idToken, limits, record } from '../example.js'

let clock: Clock
let sharedStore: FakeStore
let list: SessionList
beforeEach(() => {
  clock = new Clock()
  sharedStore = new FakeStore(clock)
  list = listOn()
})

const secrets = ['a secret for tests only, 32 characters at least']
const alice: Person = { subject: 'alice', issuer: 'https://op.example.com' }
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** The lists of one process on the shared store. */
function listOn(changes: Partial<SessionListSettings> = {}): SessionList {
  const of = changes.audience ?? audience
  const revocations = revocationsOn(sharedStore, clock, of)
  return new SessionList({ sharedStore, revocations, secrets, audience: of, limits, runtime: clock, ...changes })
}

/** A session of alice that begins now. */
function begun(id: string, changes: Partial<SessionRecord> = {}): SessionRecord {
  return record({ id, createdAt: clock.seconds, touchedAt: clock.seconds, ...changes })
}

const enter = (id: string, person = alice): Promise<SessionRecord> => list.enter(begun(id), person, firefox)
const listed = async (person = alice): Promise<readonly string[]> =>
  (await list.sessionsOf(person)).map(({ hash }) => hash)
const idOf = (id: string): string => list.idOf(record({ id }))

describe('a list of sessions', () => {
  test('names when each began, when it was renewed, and by what browser; the one renewed last is first', async () => {
    const first = await enter('first')
    clock.advance(100)
    await list.enter(begun('second'), alice, undefined)
    clock.advance(100)
    await list.renew({ ...first, touchedAt: clock.seconds }, alice, 'another browser')
    expect(await list.sessionsOf(alice)).toEqual([
      { hash: idOf('first'), createdAt: start, touchedAt: start + 200, userAgent: 'another browser' },
      { hash: idOf('second'), createdAt: start + 100, touchedAt: start + 100 },
    ])
  })

  test('is the same in every process that shares the store', async () => {
    await enter('an-id')
    expect(await listOn().sessionsOf(alice)).toMatchObject([{ hash: idOf('an-id') }])
  })

  test('takes one round trip at a login, and two to be read', async () => {
    await enter('an-id')
    expect(sharedStore.calls.map(({ operation }) => operation)).toEqual(['add'])
    await list.sessionsOf(alice)
    expect(sharedStore.calls.map(({ operation }) => operation)).toEqual(['add', 'get', 'get'])
  })

  test('has no session that a logout at its tenant has ended, and keeps those of other tenants', async () => {
    const people = ['ours', 'theirs'].map((tenant) => ({ ...alice, issuer: `https://op.example.com/${tenant}` }))
    for (const person of people) await enter('an-id', person)
    await revocationsOn(sharedStore, clock).revoke({ subject: 'alice', issuer: people[0]?.issuer ?? '' }, clock.now())
    const lengths = people.map(async (person) => (await listed({ ...person, isOfTenant: true })).length)
    expect(await Promise.all(lengths)).toEqual([0, 1])
  })

  test('of nobody is empty', async () => {
    expect(await list.sessionsOf({ ...alice, subject: 'bob' })).toEqual([])
  })

  test('SR09: the same sub at another issuer, another provider or in another application is another person', async () => {
    await enter('an-id')
    for (const other of [
      { ...alice, issuer: 'https://op2.example.com' },
      { ...alice, provider: 'work' },
    ]) {
      expect(await list.sessionsOf(other)).toEqual([])
      expect(await list.end(other, idOf('an-id'))).toBe(false)
    }
    expect(await listOn({ audience: ['https://op.example.com', 'other'] }).sessionsOf(alice)).toEqual([])
    expect(await listed()).toEqual([idOf('an-id')])
  })

  test('SR01: shows nothing in the store: no person, no browser, no session', async () => {
    await list.enter(begun('an-id', { idToken: idToken({ sid: 'a-sid' }) }), alice, firefox)
    expect(sharedStore.contents().size).toBe(1)
    for (const [name, value] of sharedStore.contents()) {
      expect(name).toMatch(/^listed:1:[\w-]{43}$/)
      expect(value.split('.')).toHaveLength(5)
      for (const secret of ['alice', 'an-id', 'a-sid', 'Firefox', 'op.example.com', idOf('an-id')]) {
        expect([value, Buffer.from(value.split('.')[3] ?? '', 'base64url').toString('latin1')].join()).not.toContain(
          secret,
        )
      }
    }
  })

  test('SR10: an entry that was copied into another list does not count there', async () => {
    await enter('of-alice')
    await enter('of-bob', { ...alice, subject: 'bob' })
    const [[, ofAlice], [bobs]] = [...sharedStore.contents()] as [[string, string], [string, string]]
    await sharedStore.set(bobs, ofAlice, 1000)
    expect(await listed({ ...alice, subject: 'bob' })).toEqual([])
  })

  test('SR01: the id in a list is neither the ID of the session nor a name of it in the store', async () => {
    await enter('an-id')
    const [{ hash } = { hash: '' }] = await list.sessionsOf(alice)
    expect(hash).toMatch(/^[\w-]{43}$/)
    expect([...sharedStore.contents().keys()].join()).not.toContain(hash)
  })

  test('leaves out sessions that were idle for too long or are too old, and the store forgets them', async () => {
    const used = await enter('used')
    await enter('idle')
    clock.advance(limits.idleSeconds - 100)
    await list.renew({ ...used, touchedAt: clock.seconds }, alice, firefox)
    clock.advance(100)
    expect(await listed()).toEqual([idOf('used')])
    expect(sharedStore.contents().size).toBe(1)
    await list.renew({ ...used, touchedAt: start + limits.absoluteSeconds - 1 }, alice, firefox)
    clock.seconds = start + limits.absoluteSeconds
    expect(await listed()).toEqual([])
    expect(sharedStore.contents().size).toBe(0)
  })

  test('goes by the limits of today, and not by those of the login', async () => {
    await enter('an-id')
    clock.advance(300)
    expect(await listOn({ limits: { ...limits, idleSeconds: 300 } }).sessionsOf(alice)).toEqual([])
  })

  test.each([
    ['all sessions of the person', { subject: 'alice' }, []],
    ['one session at the provider', { sid: 'first' }, ['second']],
    ['one session at the provider, of this person', { subject: 'alice', sid: 'second' }, ['first']],
    ['one session by its ID', { id: 'second' }, ['first']],
    ['somebody else', { subject: 'bob', sid: 'second' }, ['first', 'second']],
  ])('leaves out what a logout has ended: %s', async (_what, target, left) => {
    for (const sid of ['first', 'second']) await list.enter(begun(sid, { idToken: idToken({ sid }) }), alice, firefox)
    await revocationsOn(sharedStore, clock).revoke(target, clock.now())
    expect([...(await listed())].sort()).toEqual(left.map(idOf).sort())
  })

  test('keeps a session that began after a logout', async () => {
    await revocationsOn(sharedStore, clock).revoke({ subject: 'alice' }, clock.now())
    clock.advance(1)
    await enter('later')
    expect(await listed()).toEqual([idOf('later')])
  })

  test('loses a session that ends, and keeps the others', async () => {
    const gone = await enter('gone')
    await enter('here')
    await list.leave(gone, alice)
    expect([await listed(), sharedStore.contents().size]).toEqual([[idOf('here')], 1])
  })

  test('is not changed by sessions from before there was a list', async () => {
    await list.renew(record(), alice, firefox)
    await list.leave(record(), alice)
    expect(sharedStore.calls).toEqual([])
  })

  test('lists a session again whose entry was lost, at the next renewal', async () => {
    const session = await enter('an-id')
    for (const name of sharedStore.contents().keys()) await sharedStore.remove(name)
    expect(await listed()).toEqual([])
    await list.renew(session, alice, firefox)
    expect(await listed()).toEqual([idOf('an-id')])
  })

  test('SR03: a slow renewal does not bring a session back that has ended meanwhile', async () => {
    const session = await enter('an-id')
    await revocationsOn(sharedStore, clock).revoke({ id: 'an-id' }, clock.now())
    await list.leave(session, alice)
    await list.renew(session, alice, firefox)
    expect(await listed()).toEqual([])
  })

  test('can be read with an older secret, until its sessions are renewed with the newer one', async () => {
    const session = await enter('an-id')
    const both = ['a newer secret for tests only, 32 characters', ...secrets]
    const rotated = listOn({ secrets: both })
    expect(await rotated.sessionsOf(alice)).toHaveLength(1)
    await rotated.renew(session, alice, firefox)
    expect(await listOn({ secrets: both.slice(0, 1) }).sessionsOf(alice)).toHaveLength(1)
    expect(await list.sessionsOf(alice)).toEqual([])
  })

  test.each(['garbage', '', '{}', 'a.b.c.d.e'])('passes over what nobody can read: %j', async (text) => {
    await enter('gone')
    for (const name of sharedStore.contents().keys()) await sharedStore.set(name, text, 1000)
    await enter('here')
    expect(await listed()).toEqual([idOf('here')])
  })
})

describe('a full list', () => {
  beforeEach(async () => {
    for (let count = 0; count < 100; count += 1) {
      await enter(`session ${count}`)
      clock.advance(1)
    }
  })

  test('SR11: a further login takes the place of the session that was renewed longest ago, which goes on unlisted', async () => {
    expect(await listed()).toHaveLength(100)
    const [oldest] = [...(await list.sessionsOf(alice))].reverse()
    await enter('one more')
    const now = await listed()
    expect([now.length, now[0], now.includes(oldest?.hash ?? '')]).toEqual([100, idOf('one more'), false])
    expect(oldest?.hash).toBe(idOf('session 0'))
    const unlisted = begun('session 0', { createdAt: start })
    expect(await unlessEnded(revocationsOn(sharedStore, clock), clock, unlisted)).toBe(unlisted)
  })

  test('does not lose the session that took a slot when the one before is renewed or ends', async () => {
    const [first] = await Promise.all([list.enter(begun('late'), alice, firefox)])
    const before = {
      ...begun('session 0', { createdAt: start }),
      ...(first.slot === undefined ? {} : { slot: first.slot }),
    }
    await list.renew({ ...before, touchedAt: clock.seconds }, alice, firefox)
    await list.leave(before, alice)
    expect(await listed()).toContain(idOf('late'))
  })

  test('SR11: logins at the same moment all get a slot', async () => {
    const both = [list, listOn()] as const
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        both[index % 2 === 0 ? 0 : 1].enter(begun(`at once ${index}`), alice, firefox),
      ),
    )
    const now = await listed()
    expect(now).toHaveLength(100)
    for (let index = 0; index < 20; index += 1) expect(now).toContain(idOf(`at once ${index}`))
  })

  test('that others change again and again is an outage, not an endless loop', async () => {
    sharedStore.replace = async () => false
    await expect(enter('one more')).rejects.toMatchObject({
      code: 'session_store_unavailable',
      headers: { 'Retry-After': '5' },
    })
  })
})

describe('ending a listed session', () => {
  test('ends it in every process, and no other one', async () => {
    const [one, other] = [await enter('one'), await enter('other')]
    expect(await listOn().end(alice, idOf('one'))).toBe(true)
    const revocations = revocationsOn(sharedStore, clock)
    expect(await unlessEnded(revocations, clock, one)).toBeUndefined()
    expect(await unlessEnded(revocations, clock, other)).toBe(other)
    expect(await listed()).toEqual([idOf('other')])
  })

  test('is heard at once in this process, by those who watch that session', async () => {
    const revocations = revocationsOn(sharedStore, clock)
    const session = await enter('an-id')
    const heard: boolean[][] = []
    revocations.onRevoke((target) => {
      heard.push([session, record({ id: 'another' })].map((each) => revocations.includes(target, namesOf(each))))
    })
    await listOn({ revocations }).end(alice, idOf('an-id'))
    expect(heard).toEqual([[true, false]])
  })

  test('ends one of a process whose clock is ahead', async () => {
    const session = await list.enter(begun('ahead', { createdAt: start + 2, touchedAt: start + 2 }), alice, firefox)
    expect(await list.end(alice, idOf('ahead'))).toBe(true)
    expect(await unlessEnded(revocationsOn(sharedStore, clock), clock, session)).toBeUndefined()
  })

  test.each(['', 'an-id', 'unknown', `end:1:${'A'.repeat(43)}`])(
    'SR09: does nothing for an id that is not in the list: %j',
    async (id) => {
      await enter('an-id')
      const before = sharedStore.contents()
      expect(await list.end(alice, id)).toBe(false)
      expect(sharedStore.contents()).toEqual(before)
    },
  )

  test('a second time is false: it has ended', async () => {
    await enter('an-id')
    expect([await list.end(alice, idOf('an-id')), await list.end(alice, idOf('an-id'))]).toEqual([true, false])
  })

  test('has ended it even if its slot could not be freed', async () => {
    await enter('an-id')
    sharedStore.remove = async () => {
      throw new Error('the store is away')
    }
    expect(await list.end(alice, idOf('an-id'))).toBe(true)
    expect(await listed()).toEqual([])
  })

  test('SR04: while the store is unavailable, nothing is listed, ended or begun', async () => {
    await enter('an-id')
    sharedStore.outage = true
    for (const call of [() => list.sessionsOf(alice), () => list.end(alice, idOf('an-id')), () => enter('another')])
      await expect(call()).rejects.toThrow('away')
    sharedStore.outage = false
    expect(await listed()).toEqual([idOf('an-id')])
  })
})
