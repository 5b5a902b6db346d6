import { describe, expect, test } from '@jest/globals'
import type { Principal } from '../../lib/policy/principal.js'
import { all } from '../../lib/policy/combinators.js'
import { ask, retryHeaders, firstLoginOf, isUncalled, type Requirement } from '../../lib/policy/requirement.js'
import { acr, maxAge, person, machine, permission, scope } from '../../lib/policy/requirements.js'

const alice: Principal = {
  scheme: 'bearer',
  subject: 'alice',
  issuer: 'https://op.example.com',
  claims: { auth_time: 1, permissions: ['read'] },
  scopes: ['read'],
  expiresAt: 0,
}
const told = async (requirement: Requirement, who: Partial<Principal> = {}) =>
  ask(requirement, { ...alice, ...who }, undefined, () => 1e12)

describe('a requirement that is not met tells logs what was seen', () => {
  test.each<[string, Requirement, Partial<Principal>, object]>([
    [
      'scope',
      scope('read', 'write', 'send'),
      {},
      { subject: 'scope', seen: 'missing', expected: '"write" and "send"' },
    ],
    ['permission', permission('read', 'write'), {}, { subject: 'permissions', seen: 'missing', expected: '"write"' }],
    ['acr', acr('mfa', 'phr'), {}, { subject: 'acr', seen: 'missing', expected: '"mfa" or "phr"' }],
    ['acr', acr('mfa'), { claims: { acr: 'pwd' } }, { subject: 'acr', seen: 'another value', expected: '"mfa"' }],
    ['maxAge', maxAge(60), {}, { subject: 'auth_time', seen: 'another value', expected: '"at most 60 seconds old"' }],
    ['maxAge', maxAge(60), { claims: {} }, { seen: 'missing' }],
    ['person', person(), { isMachine: true }, { subject: 'person', seen: 'a machine', expected: 'a person' }],
    ['machine', machine(), { isMachine: false }, { subject: 'machine', seen: 'a person', expected: 'a machine' }],
    ['person', person(), {}, { seen: 'the token does not say', option: 'isMachine' }],
  ])('%s', async (kind, requirement, who, details) => {
    expect(await told(requirement, who)).toMatchObject({ met: false, kind, details })
    expect(requirement).toMatchObject({ kind })
  })

  test('a predicate by its name', async () => {
    const isOwner = (): boolean => false
    const details = { subject: 'isOwner', seen: 'false', expected: 'true' }
    expect(await told(isOwner)).toEqual({ met: false, kind: 'isOwner', details })
  })

  test('a predicate that forgets to answer, as a mistake', async () => {
    const forgetful = (() => undefined) as unknown as Requirement
    const expected = 'true or false: a predicate must return one'
    const details = { subject: 'forgetful', seen: 'a value of type undefined', expected }
    expect(await told(forgetful)).toEqual({ met: false, kind: 'forgetful', undecided: true, details })
  })
})

test('a permission may be all that the claim has, and is not a part of another', async () => {
  expect(await told(permission('read'), { claims: { permissions: 'read' } })).toEqual({ met: true })
  expect(await told(permission('read'), { claims: { permissions: 'reader' } })).toMatchObject({ met: false })
  expect(await told(permission('7'), { claims: { permissions: 7 } })).toMatchObject({ met: false })
})

test('a level is text: another type with the same words is another value', async () => {
  expect(await told(acr('1'), { claims: { acr: 1 } })).toMatchObject({ met: false })
  expect(await told(acr('mfa'), { claims: { acr: ['mfa'] } })).toMatchObject({ met: false })
})

test.each([1, 999_999_999])('maxAge(%d) is a limit that can be met', async (seconds) => {
  expect(
    await told(
      maxAge(seconds, () => 1000),
      { claims: { auth_time: 1 } },
    ),
  ).toEqual({ met: true })
})

test('acr() takes no list in one argument, wherever it stands', () => {
  expect(() => acr('mfa', 'pwd sms')).toThrow('acr() takes each value as a separate argument')
})

test('what may be over in a moment has the headers for pages and for programs', () => {
  expect(retryHeaders(2)).toEqual({ headers: { 'Retry-After': '2', Refresh: '2' } })
  expect(retryHeaders(undefined)).toEqual({})
})

test('a predicate asks nothing of a first login, whatever its function has', () => {
  const isOwner = Object.assign((): boolean => true, { firstLogin: { maxAge: 1 } })
  expect(firstLoginOf(isOwner)).toBeUndefined()
  expect(firstLoginOf(maxAge(60))).toEqual({ maxAge: 60 })
})

test('only a function that makes requirements counts as one that was not called', () => {
  expect([scope, acr, all].map(isUncalled)).toEqual([true, true, true])
  expect([() => true, {}, 'scope', null].map(isUncalled)).toEqual([false, false, false, false])
})
