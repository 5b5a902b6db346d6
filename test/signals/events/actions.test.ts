import { afterEach, describe, expect, test } from '@jest/globals'
import type { SubjectLookup } from '../../../lib/index.js'
import { eventType, issSub } from '../../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../../kit/signals/world.js'

let world: SignalsWorld
afterEach(() => world.close())

const opaque = (id: string) => ({ format: 'opaque', id })
const subjects: SubjectLookup = ({ format, id }, { member }) =>
  format === 'opaque' && member !== 'device' ? { sid: String(id) } : undefined

/** Three sessions: two of alice, at the provider s1 and s2, and one of bob, s3. */
async function start(lookup: SubjectLookup | undefined = subjects) {
  world = await startSignals({ transmitter: { subjects: lookup } })
  return [
    await world.signIn('alice', { sid: 's1' }),
    await world.signIn('alice', { sid: 's2' }),
    await world.signIn('bob', { sid: 's3' }),
  ]
}

async function revoke(subject: unknown): Promise<void> {
  const token = await world.transmitter.mint({ [eventType('session-revoked')]: {} }, subject)
  expect((await world.push(token)).status).toBe(202)
}

const people = (cookies: readonly string[]) => Promise.all(cookies.map((cookie) => world.who(cookie)))
const person = issSub('https://id.example')

describe('an event that revokes', () => {
  test.each([
    ['a session', opaque('s1'), [null, 'alice', 'bob'], 'ended'],
    [
      'a session of a person',
      { format: 'complex', user: person, session: opaque('s2') },
      ['alice', null, 'bob'],
      'ended',
    ],
    [
      'a session that another person has',
      { format: 'complex', user: person, session: opaque('s3') },
      ['alice', 'alice', 'bob'],
      'ended',
    ],
    [
      'a device that is not known',
      { format: 'complex', user: person, device: opaque('laptop') },
      ['alice', 'alice', 'bob'],
      'unknown_subject',
    ],
    ['a session that is over', opaque('s4'), ['alice', 'alice', 'bob'], 'ended'],
  ])('SG06: %s ends that, and nothing more', async (_what, subject, expected, action) => {
    const cookies = await start()
    await revoke(subject)
    expect(await people(cookies)).toEqual(expected)
    expect(world.events).toMatchObject([{ action }])
  })

  test('SG06: a person by mail ends nothing without a function of the application', async () => {
    world = await startSignals()
    const cookie = await world.signIn('alice', { email: 'alice@example.com' })
    await revoke({ format: 'email', email: 'alice@example.com' })
    expect(await world.who(cookie)).toBe('alice')
    expect(world.events).toMatchObject([{ action: 'unknown_subject' }])
  })

  test('several people, whom the application knows by one name, ends the sessions of all', async () => {
    const cookies = await start(() => [{ sub: 'alice' }, { sub: 'bob', sid: 's3' }])
    await revoke({ format: 'email', email: 'team@example.com' })
    expect(await people(cookies)).toEqual([null, null, null])
  })

  test('SG09: somebody whom the application cannot look up now is not acknowledged', async () => {
    const cookies = await start(() => Promise.reject(new Error('the database is away')))
    const token = await world.transmitter.mint({ [eventType('session-revoked')]: {} }, opaque('s1'))
    expect((await world.push(token)).status).toBe(500)
    expect(await people(cookies)).toEqual(['alice', 'alice', 'bob'])
    expect(world.events).toEqual([])
  })
})

test('SG10: a time with fractions of a second is taken as it is', async () => {
  world = await startSignals()
  const event_timestamp = world.clock.seconds + 0.25
  const old = await world.signIn()
  world.clock.advance(0.75)
  const young = await world.signIn()
  world.clock.advance(5)
  await world.push(
    await world.transmitter.mint({ [eventType('session-revoked')]: { event_timestamp } }, issSub('https://id.example')),
  )
  expect([await world.who(old), await world.who(young)]).toEqual([null, 'alice'])
})
