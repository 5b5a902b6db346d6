import { describe, expect, test } from '@jest/globals'
import type { Principal } from '../../lib/policy/principal.js'
import { ask, type Requirement } from '../../lib/policy/requirement.js'
import { decisionOf } from '../kit/verdict.js'
import { claim, role } from '../../lib/policy/claims.js'
import { acr, machine, maxAge, permission, person, scope } from '../../lib/policy/requirements.js'

function principal(claims: Record<string, unknown> = {}, scopes: readonly string[] = []): Principal {
  const who = { scheme: 'session', subject: 'alice', issuer: 'https://op.example.com', expiresAt: 0 } as const
  return { ...who, claims, scopes }
}

const check = decisionOf
const met = { met: true }

describe('scope()', () => {
  test('asks for every scope, and reports which would be enough', async () => {
    const requirement = scope('orders:read', 'orders:write')
    expect(await check(requirement, principal({}, ['orders:write', 'orders:read', 'x']))).toEqual(met)
    expect(await check(requirement, principal({}, ['orders:read']))).toEqual({
      met: false,
      kind: 'scope',
      scopes: ['orders:read', 'orders:write'],
    })
  })

  test('accepts several in one string, as the token has them', async () => {
    expect(await check(scope(' a  b '), principal({}, ['a', 'b']))).toEqual(met)
    expect(await check(scope('a b'), principal({}, ['a']))).toMatchObject({ scopes: ['a', 'b'] })
  })

  test('compares whole scopes, and never reads a claim of that name', async () => {
    expect(await check(scope('orders'), principal({ scope: 'orders' }, ['orders:read', 'Orders']))).toMatchObject({
      met: false,
    })
  })
})

describe('permission()', () => {
  test.each([
    ['all of them', { permissions: ['read', 'write', 'x'] }, true],
    ['all of them, in one text', { permissions: 'write read' }, true],
    ['one of them', { permissions: ['read'] }, false],
    ['a longer name', { permissions: ['read', 'write:x'] }, false],
    ['no list and no text', { permissions: { read: true, write: true } }, false],
    ['scopes only', { scope: 'read write' }, false],
    ['nothing', {}, false],
  ])('requires every permission, in the claim of that name alone: %s', async (_what, claims, expected) => {
    const who = principal(claims, ['read', 'write'])
    expect((await check(permission('read', 'write'), who)).met).toBe(expected)
  })

  test('is not met by scopes, nor scope() by permissions, and no scope would mend it', async () => {
    expect(await check(permission('read'), principal({}, ['read']))).toEqual({ met: false, kind: 'permission' })
    expect(await check(scope('read'), principal({ permissions: ['read'] }))).toMatchObject({ met: false })
  })
})

describe('person() and machine()', () => {
  test('require a person or a machine', async () => {
    const alice = { ...principal(), isMachine: false }
    const job = { ...principal(), isMachine: true }
    expect([await check(person(), alice), await check(machine(), job)]).toEqual([met, met])
    expect(await check(person(), job)).toEqual({ met: false, kind: 'person' })
    expect(await check(machine(), alice)).toEqual({ met: false, kind: 'machine' })
  })

  test.each([undefined, null, 1, 'true'])('do not know an isMachine of %p', async (isMachine) => {
    const who = Object.assign(principal(), { isMachine })
    expect(await check(person(), who)).toEqual({ met: false, kind: 'person', undecided: true })
    expect(await check(machine(), who)).toEqual({ met: false, kind: 'machine', undecided: true })
  })
})

describe('acr()', () => {
  test('requires one of the classes, and asks for a stronger login otherwise', async () => {
    const requirement = acr('urn:example:mfa', 'urn:example:key')
    expect(await check(requirement, principal({ acr: 'urn:example:key' }))).toEqual(met)
    for (const claims of [{}, { acr: 'urn:example:password' }, { acr: ['urn:example:mfa'] }]) {
      expect(await check(requirement, principal(claims))).toEqual({
        met: false,
        kind: 'acr',
        stepUp: { acrValues: ['urn:example:mfa', 'urn:example:key'] },
      })
    }
  })
})

describe('maxAge()', () => {
  const now = 1_800_000_000
  const requirement = maxAge(60, () => now * 1000)

  test.each([
    ['just now', now, true],
    ['at the limit', now - 60, true],
    ['past the limit', now - 61, false],
    ['by a clock that is a little ahead', now + 60, true],
    ['in the future', now + 61, false],
    ['as text', String(now), false],
    ['never', undefined, false],
    ['not a number', NaN, false],
  ])('of a login authenticated %s: %p %p', async (_name, authTime, expected) => {
    const verdict = await check(requirement, principal({ auth_time: authTime }))
    expect(verdict).toEqual(expected ? met : { met: false, kind: 'maxAge', stepUp: { maxAge: 60 } })
  })

  test('uses the real clock by default', async () => {
    expect(await check(maxAge(60), principal({ auth_time: Date.now() / 1000 - 5 }))).toEqual(met)
    expect(await check(maxAge(60), principal({ auth_time: Date.now() / 1000 - 65 }))).toMatchObject({ met: false })
  })
})

describe('an invalid argument of a requirement is refused when the application starts', () => {
  const list = ['a'] as unknown as string

  test.each([
    ['scope()', () => scope(), 'scope() takes one or more strings'],
    ['scope of nothing', () => scope(''), 'scope() takes one or more strings, none of them empty'],
    ['scope of white space, which all would have', () => scope(' '), 'scope() takes one or more strings'],
    ['scope of a list', () => scope(list), 'each as a separate argument'],
    ['claim without values', () => claim('dept'), 'claim("dept") takes one or more strings, numbers or booleans'],
    ['claim without a name', () => claim('', 'x'), 'claim() takes the name of a claim first'],
    ['claim of a name that is not text', () => claim(5 as unknown as string, 'x'), 'claim() takes the name'],
    ['claim with undefined', () => claim('dept', undefined as unknown as string), 'claim("dept") takes'],
    ['claim with null', () => claim('dept', null as unknown as string), 'claim("dept") takes'],
    ['claim with NaN', () => claim('level', NaN), 'claim("level") takes'],
    ['claim with a list', () => claim('dept', list), 'each as a separate argument'],
    ['claim with an empty string', () => claim('dept', ''), 'none of them empty'],
    ['role()', () => role(), 'role() takes one or more strings'],
    ['role of a list', () => role(list), 'role() takes one or more strings'],
    ['acr()', () => acr(), 'acr() takes one or more strings'],
    ['acr of several in one', () => acr('a b'), 'acr() takes each value as a separate argument'],
    ['maxAge(0), which no login meets', () => maxAge(0), 'maxAge() takes a whole number of seconds, at least 1'],
    ['maxAge of a fraction', () => maxAge(0.5), 'whole number'],
    ['maxAge(NaN)', () => maxAge(NaN), 'whole number'],
    ['maxAge of text', () => maxAge('60' as unknown as number), 'whole number'],
    ['maxAge without end', () => maxAge(Infinity), 'whole number'],
    ['maxAge of more digits than may be sent', () => maxAge(1e9), 'whole number'],
  ])('%s', (_name, make, message) => {
    expect(make).toThrow(expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_options' }))
    expect(make).toThrow(message)
  })
})

describe('the details of a refusal', () => {
  test.each<[string, Requirement, Principal, object]>([
    ['scope()', scope('read', 'write'), principal({}, ['read', 'other']), { subject: 'scope', expected: '"write"' }],
    [
      'permission()',
      permission('read'),
      principal({}),
      { subject: 'permissions', seen: 'missing', expected: '"read"' },
    ],
    ['acr()', acr('mfa'), principal({ acr: '1' }), { subject: 'acr', seen: 'another value', expected: '"mfa"' }],
    ['maxAge()', maxAge(60), principal({}), { subject: 'auth_time', seen: 'missing' }],
    ['person()', person(), principal({}), { seen: 'the token does not say', option: 'isMachine' }],
    ['a forgotten return', (() => undefined) as never, principal({}), { seen: 'a value of type undefined' }],
  ])('of %s say what was seen and what was expected', async (_what, requirement, who, details) => {
    expect(await ask(requirement, who, undefined)).toMatchObject({ met: false, details })
  })
})
