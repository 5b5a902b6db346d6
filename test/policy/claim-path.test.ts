import { describe, expect, test } from '@jest/globals'
import { areGroupsLeftOut, areReadable, isLeftOut, isMembership, valuesAt } from '../../lib/policy/claim-path.js'

describe('valuesAt()', () => {
  test.each<[string, unknown, readonly unknown[]]>([
    ['members of a list', ['a', 'b'], ['a', 'b']],
    ['a value by itself', 'a', ['a']],
    ['false, which is a value', false, [false]],
    ['null', null, []],
    ['nothing', undefined, []],
  ])('gives %s', (_name, roles, values) => {
    expect(valuesAt({ roles }, 'roles')).toEqual(values)
  })
})

describe('areReadable()', () => {
  test('is true of names and of null, and false of objects', () => {
    expect(areReadable(['a', null, 1])).toBe(true)
    expect(areReadable(['a', { id: 1 }])).toBe(false)
  })
})

describe('isMembership()', () => {
  test.each(['groups', 'group', 'role', 'ROLES', 'cognito:groups', 'https://example.com/roles', 'user_role'])(
    'is true of %s',
    (name) => {
      expect(isMembership(name)).toBe(true)
      expect(isMembership(['realm_access', name])).toBe(true)
    },
  )

  test.each(['dept', 'enroles', 'roles_hash', 'grouping', ''])('is false of "%s"', (name) => {
    expect(isMembership(name)).toBe(false)
    expect(isMembership(['groups', name])).toBe(false)
  })

  test('is false of no path at all', () => {
    expect(isMembership([])).toBe(false)
  })
})

describe('isLeftOut()', () => {
  test('is true of a claim that the token says is elsewhere, and does not have', () => {
    const claims = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } }
    expect(isLeftOut(claims, 'groups')).toBe(true)
    expect(isLeftOut(claims, ['groups', 'admin'])).toBe(true)
    expect(isLeftOut({ ...claims, groups: ['a'] }, 'groups')).toBe(false)
    expect(isLeftOut(claims, 'roles')).toBe(false)
    expect(isLeftOut(claims, [])).toBe(false)
  })

  test.each([true, 'true'])(
    'is true of groups that Entra leaves out of tokens of browsers: hasgroups %j',
    (hasgroups) => {
      expect(isLeftOut({ hasgroups }, 'groups')).toBe(true)
      expect(areGroupsLeftOut({ hasgroups })).toBe(true)
      expect(isLeftOut({ hasgroups }, 'roles')).toBe(false)
      expect(isLeftOut({ hasgroups, groups: ['a'] }, 'groups')).toBe(false)
    },
  )

  test.each([false, 'false', 1, undefined, ''])('is false where hasgroups is %j', (hasgroups) => {
    expect(isLeftOut({ hasgroups, '': true }, 'groups')).toBe(false)
    expect(areGroupsLeftOut({ hasgroups })).toBe(false)
  })

  test('takes nothing from what only resembles a list of names', () => {
    for (const names of [null, 'groups', ['groups'], 1]) {
      expect(isLeftOut({ _claim_names: names }, 'groups')).toBe(false)
    }
    expect(isLeftOut({ _claim_names: {} }, 'toString')).toBe(false)
  })
})
