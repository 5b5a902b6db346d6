import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  keysOf,
  type LogoutTarget,
  logoutTargetKey,
  namesOf,
  ProcessRevocations,
  type SessionRevocations,
  unlessEnded,
} from '../../../lib/session/revocation/revocations.js'
import { Clock, start } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { revocationsOn } from '../../kit/stores/stores.js'
import { issuerOf, sessionAt } from '../../kit/world/tenants.js'
import { idToken, limits, record } from '../example.js'

const [ours, theirs] = [sessionAt('ours'), sessionAt('theirs')]

let watch: Clock
const kinds: readonly (readonly [string, () => SessionRevocations])[] = [
  ['of one process', () => new ProcessRevocations(watch, limits.absoluteSeconds)],
  ['of processes that share a store', () => revocationsOn(new FakeStore(watch), watch)],
]

describe.each(kinds)('logouts %s at one of several tenants', (_name, create) => {
  let revocations: SessionRevocations
  beforeEach(() => {
    watch = new Clock()
    revocations = create()
  })
  const alive = async () =>
    Promise.all([ours, theirs].map(async (each) => (await unlessEnded(revocations, watch, each)) !== undefined))

  const targets: readonly LogoutTarget[] = [{ subject: 'alice' }, { sid: 'a-sid' }, { subject: 'alice', sid: 'a-sid' }]
  test.each(targets)('end no session of another tenant with the same names: %j', async (target) => {
    const atOurs = { ...target, issuer: issuerOf('ours') }
    await revocations.revoke(atOurs, start * 1000)
    expect(await alive()).toEqual([false, true])
    expect([ours, theirs].map((each) => revocations.includes(atOurs, namesOf(each)))).toEqual([true, false])
  })

  test.each(targets)('end those of all tenants where they name none: %j', async (target) => {
    await revocations.revoke(target, start * 1000)
    expect(await alive()).toEqual([false, false])
  })
})

describe('the names of a session of a tenant', () => {
  test('have the issuer, of which the ID Token names the tenant', () => {
    expect(namesOf(ours)).toEqual({ id: 'at ours', subject: 'alice', sid: 'a-sid', issuer: issuerOf('ours') })
    for (const tid of [undefined, '', 7, 'another'])
      expect(namesOf(record({ idToken: idToken({ iss: issuerOf('ours'), tid }) }))).not.toHaveProperty('issuer')
  })

  test('have the keys that they have without it, and more that are no other’s', () => {
    const { issuer: _, ...names } = namesOf(ours)
    for (const at of [{}, { provider: 'a-key' }]) {
      const keys = keysOf({ ...namesOf(ours), ...at })
      expect(keys.slice(0, 4)).toEqual(keysOf({ ...names, ...at }))
      expect([keys.length, new Set([...keys, ...keysOf({ ...namesOf(theirs), ...at })]).size]).toEqual([7, 11])
    }
    expect(keysOf({ id: 'x', subject: 'x', issuer: 'x' })).toEqual(
      [{ id: 'x' }, { subject: 'x' }, { subject: 'x', issuer: 'x' }].map(logoutTargetKey),
    )
  })
})
