import { describe, expect, test } from '@jest/globals'
import { all, any, not } from '../../lib/policy/combinators.js'
import { claim, role } from '../../lib/policy/claims.js'
import type { Principal } from '../../lib/policy/principal.js'
import { ask, type Requirement } from '../../lib/policy/requirement.js'
import { decisionOf } from '../kit/verdict.js'

function principal(claims: Record<string, unknown> = {}): Principal {
  const who = { scheme: 'session', subject: 'alice', issuer: 'https://op.example.com', expiresAt: 0 } as const
  return { ...who, claims, scopes: [] }
}

const check = decisionOf
const met = { met: true }

describe('claim()', () => {
  test.each([
    ['the value', { dept: 'hr' }, true],
    ['another of the values', { dept: 'it' }, true],
    ['a list with the value', { dept: ['sales', 'hr'] }, true],
    ['an empty list', { dept: [] }, false],
    ['another value', { dept: 'sales' }, false],
    ['another case', { dept: 'HR' }, false],
    ['a longer value', { dept: 'hr ' }, false],
    ['an object', { dept: { hr: true } }, false],
    ['a nested list', { dept: [['hr']] }, false],
    ['null', { dept: null }, false],
    ['nothing', {}, false],
  ])('is met by %s: %p', async (_name, claims, expected) => {
    expect((await check(claim('dept', 'hr', 'it'), principal(claims))).met).toBe(expected)
  })

  test('compares without conversion', async () => {
    expect(await check(claim('level', 3), principal({ level: 3 }))).toEqual(met)
    expect(await check(claim('level', 3), principal({ level: '3' }))).toEqual({ met: false, kind: 'claim' })
    expect(await check(claim('email_verified', true), principal({ email_verified: 'true' }))).toMatchObject({
      met: false,
    })
    expect(await check(claim('flag', false), principal({ flag: false }))).toEqual(met)
    expect(await check(claim('flag', false), principal({}))).toMatchObject({ met: false })
  })

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'does not find inherited members: %s',
    async (name) => {
      expect(await check(claim(name, 'x'), principal({}))).toEqual({ met: false, kind: 'claim' })
    },
  )
})

describe('groups or roles that are objects', () => {
  test.each<[string, Requirement, Record<string, unknown>]>([
    ['claim() of a list', claim('groups', 'banned'), { groups: [{ name: 'banned' }] }],
    ['claim() of an object', claim(['app', 'roles'], 'banned'), { app: { roles: { banned: true } } }],
    ['role() of a list', role('banned'), { roles: [{ name: 'banned' }] }],
    ['role() of an object', role('banned'), { role: 'user', roles: { banned: {} } }],
  ])('are undecided for %s: not() refuses', async (_name, requirement, claims) => {
    expect(await check(not(requirement), principal(claims))).toMatchObject({ met: false, undecided: true })
  })
})

describe('role()', () => {
  test.each([
    ['roles', { roles: ['user', 'admin'] }],
    ['a single string', { roles: 'admin' }],
    ['role', { role: 'admin' }],
    ["Keycloak's realm_access", { realm_access: { roles: ['admin'] } }],
  ])('is met by %s', async (_name, claims) => {
    expect(await check(role('owner', 'admin'), principal(claims))).toEqual(met)
  })

  test.each([
    ['no role', { roles: [] }],
    ['another role', { roles: ['user'], role: 'x', realm_access: { roles: ['y'] } }],
    ['part of a name', { roles: 'administrator' }],
    ['a list where an object belongs', { realm_access: ['admin'] }],
    ['other kinds of values', { realm_access: 5, roles: [null] }],
  ])('is not met by %s', async (_name, claims) => {
    expect(await check(role('admin'), principal(claims))).toMatchObject({ met: false, kind: 'role' })
  })
})

describe('the path of a claim', () => {
  const claims = {
    'cognito:groups': ['staff'],
    'https://example.com/roles': ['admin'],
    'a.b': 'flat',
    a: { b: 'nested', 'x.y': true },
    resource_access: { shop: { roles: ['clerk'] }, 'api.example': { roles: ['reader'] } },
    list: [{ name: 'x' }],
  }

  test.each([
    ['a name with a colon', 'cognito:groups', 'staff'],
    ['a name that is a URL', 'https://example.com/roles', 'admin'],
    ['a name with a dot', 'a.b', 'flat'],
    ['a list of names', ['a', 'b'], 'nested'],
    ['a list with a dot in a name', ['a', 'x.y'], true],
    ['a list of three', ['resource_access', 'api.example', 'roles'], 'reader'],
  ])('leads to the value: %s', async (_what, path, value) => {
    expect(await check(claim(path, value), principal(claims))).toEqual(met)
  })

  test.each([
    ['dots in one name', 'a.x', 'nested'],
    ['members of a list', ['list', '0', 'name'], 'x'],
    ['the length of a list', ['list', 'length'], 1],
    ['what objects inherit', ['a', 'constructor', 'name'], 'Object'],
    ['the prototype', ['a', '__proto__', 'b'], 'nested'],
    ['members of text', ['a.b', 'length'], 4],
    ['more than is there', ['a', 'b', 'c'], 'nested'],
  ])('follows own properties only, and leads nowhere by %s', async (_what, path, value) => {
    expect((await check(claim(path, value), principal(claims))).met).toBe(false)
  })

  test.each([
    ['nothing', undefined],
    ['an empty name', ''],
    ['an empty list', []],
    ['an empty name in a list', ['a', '']],
    ['a number', ['a', 1]],
    ['an object', { a: 'b' }],
  ])('that is %s is refused', (_what, path) => {
    expect(() => claim(path as string, 'x')).toThrow(/claim\(\) takes the name of a claim first/)
    expect(() => role('x', { claim: path as string })).toThrow(/role\(\) takes { claim }/)
  })

  test('cannot be changed afterwards', async () => {
    const path = ['a', 'b']
    const requirement = claim(path, 'nested')
    path.push('c')
    expect(await check(requirement, principal(claims))).toEqual(met)
  })
})

describe('role() with a claim', () => {
  const shop = role('clerk', 'manager', { claim: ['resource_access', 'shop', 'roles'] })

  test('reads that claim only', async () => {
    expect(await check(shop, principal({ resource_access: { shop: { roles: ['clerk'] } } }))).toEqual(met)
    const elsewhere = {
      roles: ['clerk'],
      realm_access: { roles: ['clerk'] },
      resource_access: { hr: { roles: ['clerk'] } },
    }
    expect((await check(shop, principal(elsewhere))).met).toBe(false)
  })

  test('accepts the names of an object as roles', async () => {
    const name = 'urn:zitadel:iam:org:project:roles'
    const who = principal({ [name]: { clerk: { 'org-1': 'example.com' } } })
    expect(await check(role('clerk', { claim: name }), who)).toEqual(met)
    expect((await check(role('org-1', { claim: name }), who)).met).toBe(false)
    expect((await check(role('toString', { claim: name }), who)).met).toBe(false)
  })

  test('accepts no other options, and no further arguments', () => {
    expect(() => role('x', { claim: 'groups', any: true } as never)).toThrow(/only options/)
    const wrong: readonly unknown[] = [{ claim: 'groups' }, 'x']
    expect(() => role(...(wrong as readonly string[]))).toThrow(/role\(\) takes one or more strings/)
    expect(() => role({ claim: 'groups' })).toThrow(/one or more strings/)
    expect(() => role(['x'] as never)).toThrow(/role\(\) takes one or more strings/)
  })
})

describe('a requirement of groups and roles that a token cannot list', () => {
  const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example' } } }
  const unsaid: readonly (readonly [string, Requirement, Record<string, unknown>])[] = [
    ['roles that are absent', role('guest'), {}],
    ['roles that are null', role('guest'), { roles: null }],
    [
      'roles in a claim that is absent',
      role('guest', { claim: ['resource_access', 'shop', 'roles'] }),
      { roles: ['x'] },
    ],
    ['groups that are absent', claim('groups', 'banned'), {}],
    ['groups of a provider that are absent', claim('cognito:groups', 'banned'), {}],
    ['groups that are too many', claim('groups', 'banned'), overage],
    ['groups that are too many, as roles', role('banned', { claim: 'groups' }), overage],
    ['groups that are too many, in the word of a browser', claim('groups', 'banned'), { hasgroups: 'true' }],
    ['any claim that stands elsewhere', claim('plan', 'free'), { _claim_names: { plan: 'src1' } }],
  ]

  test.each(unsaid)('is undecided, so that its opposite is not met: %s', async (_what, requirement, claims) => {
    expect(await check(requirement, principal(claims))).toMatchObject({ met: false, undecided: true })
    for (const opposite of [not(requirement), not(all(requirement)), not(any(requirement))]) {
      expect((await check(opposite, principal(claims))).met).toBe(false)
    }
  })

  test('is decided where the token has them, and for other claims', async () => {
    for (const [requirement, claims] of [
      [role('guest'), { roles: [] }],
      [role('guest'), { realm_access: { roles: ['user'] } }],
      [claim('groups', 'banned'), { groups: ['a'], hasgroups: true }],
      [claim('plan', 'free'), {}],
      [claim('plan', 'free'), overage],
      [claim('controls', 'x'), {}],
    ] as const) {
      expect(await check(not(requirement), principal(claims))).toEqual(met)
    }
  })
})

describe('the details of a refusal', () => {
  test.each<[string, Requirement, Record<string, unknown>, object]>([
    ['a claim that is missing', claim('dept', 'hr'), {}, { subject: '"dept"', seen: 'missing' }],
    [
      'a claim with another value',
      claim(['a', 'b'], 'x', 5, true),
      { a: { b: 'y' } },
      { subject: '["a","b"]', seen: 'another value', expected: '"x" or 5 or true' },
    ],
    ['a claim whose name is not ASCII', claim('r\u00f4le\u001b', 'x'), {}, { subject: '"r?le\\u001b"' }],
    ['a claim with a long name', claim('a'.repeat(500), 'x'), {}, { subject: `"${'a'.repeat(95)}..."` }],
    ['a long expected value', claim('a', 'x'.repeat(500)), {}, { expected: `"${'x'.repeat(95)}..."` }],
    ['no role', role('admin'), {}, { subject: '"roles" or "role" or ["realm_access","roles"]', expected: '"admin"' }],
  ])('name the claim, and not its value: %s', async (_what, requirement, claims, details) => {
    const verdict = await ask(requirement, principal(claims), undefined)
    expect(verdict).toMatchObject({ met: false, details })
    expect(JSON.stringify(verdict)).not.toContain('y"')
  })
})
