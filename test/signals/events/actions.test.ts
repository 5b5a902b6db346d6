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

describe('where the issuer of sessions is a template of tenants, an event about', () => {
  const template = 'https://login.example/{tenantid}/v2.0'
  const issuerOf = (tenant: string) => template.replace('{tenantid}', tenant)
  const mail = { format: 'email', email: 'alice@example.com' }
  const tenant = (id: string) => ({ tenant: opaque(id) })

  /** Two sessions of an alice, with one sub and one sid: at the tenants "ours" and "theirs". */
  async function startTenants(lookup?: SubjectLookup) {
    const tenants = ['ours', 'theirs']
    world = await startSignals({
      oidc: { issuer: template, tenants, discoveryUrl: 'https://login.example/metadata' },
      transmitter: { subjectIssuer: template, audience: 'web', subjects: lookup },
    })
    return Promise.all(tenants.map((tid) => world.signIn('alice', { sid: 's1', tid, iss: issuerOf(tid) })))
  }

  test.each<[string, SubjectLookup | undefined, unknown, readonly unknown[], string]>([
    ['a person at one', undefined, issSub(issuerOf('ours')), [null, 'alice'], 'ended'],
    [
      'a person at another issuer',
      undefined,
      issSub('https://login.other/ours/v2.0'),
      ['alice', 'alice'],
      'foreign_subject',
    ],
    [
      'a person at the template, which is not an issuer',
      undefined,
      issSub(template),
      ['alice', 'alice'],
      'foreign_subject',
    ],
    [
      'a person who was found at one',
      () => ({ sub: 'alice', iss: issuerOf('theirs') }),
      mail,
      ['alice', null],
      'ended',
    ],
    ['a session that was found at one', () => ({ sid: 's1', iss: issuerOf('ours') }), mail, [null, 'alice'], 'ended'],
    ['a person who was found without one', () => ({ sub: 'alice' }), mail, [null, null], 'ended'],
    [
      'a person who was found elsewhere',
      () => ({ sub: 'alice', iss: 'https://o.example' }),
      mail,
      ['alice', 'alice'],
      'foreign_subject',
    ],
    [
      'a person of a tenant',
      ({ id }) => (id === undefined ? { sub: 'alice' } : { iss: issuerOf(String(id)) }),
      { format: 'complex', user: mail, ...tenant('theirs') },
      ['alice', null],
      'ended',
    ],
    [
      'a person of another tenant than was found',
      ({ id }) => (id === undefined ? { sub: 'alice', iss: issuerOf('ours') } : { iss: issuerOf(String(id)) }),
      { format: 'complex', user: mail, ...tenant('theirs') },
      ['alice', 'alice'],
      'ended',
    ],
    [
      'everybody of a tenant',
      () => ({ iss: issuerOf('ours') }),
      { format: 'complex', ...tenant('ours') },
      ['alice', 'alice'],
      'unknown_subject',
    ],
  ])('SG05: %s', async (_what, lookup, subject, expected, action) => {
    const cookies = await startTenants(lookup)
    await revoke(subject)
    expect(await people(cookies)).toEqual(expected)
    expect(world.events).toMatchObject([{ action }])
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
