import { describe, expect, test } from '@jest/globals'
import type { OidcError } from '../../../lib/errors.js'
import { requireOrganization } from '../../../lib/relying-party/login/organization.js'

const claims = (members: Record<string, unknown>) => ({ iss: 'https://op.example.com', sub: 'alice', ...members })

/** The code of the refusal, or `accepted`. */
function verdict(members: Record<string, unknown>, organization?: string): unknown {
  try {
    requireOrganization(claims(members), organization)
    return 'accepted'
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

describe('a login for an organization', () => {
  test.each<[string, Record<string, unknown>]>([
    ['org_abc', { org_id: 'org_abc', org_name: 'acme' }],
    ['acme', { org_id: 'org_abc', org_name: 'acme' }],
    ['Acme', { org_id: 'org_abc', org_name: 'acme' }],
    ['acme', { organization: 'acme' }],
    ['acme', { organization: ['other', 'acme'] }],
    ['acme', { organization: { acme: { id: '1' } } }],
  ])('%s is accepted with the claims %j', (organization, members) => {
    expect(verdict(members, organization)).toBe('accepted')
  })

  test.each<[string, Record<string, unknown>]>([
    ['org_abc', { org_id: 'org_other', org_name: 'acme' }],
    ['org_abc', { org_id: 'org_other', org_name: 'org_abc' }],
    ['ORG_ABC', { org_id: 'org_abc' }],
    ['acme', { org_id: 'org_abc' }],
    ['acme', { organization: [] }],
    ['toString', { organization: {} }],
    ['acme', { organization: null }],
    ['acme', { org_name: ['acme'] }],
  ])('%s is refused with the claims %j', (organization, members) => {
    expect(verdict(members, organization)).toBe('token_claim_invalid')
  })

  test('is refused if the ID Token names none', () => {
    expect(verdict({ groups: ['acme'] }, 'acme')).toBe('token_claim_missing')
  })
})

test('a login for no organization is accepted with any claims', () => {
  expect(verdict({ org_id: 'org_abc' })).toBe('accepted')
  expect(verdict({})).toBe('accepted')
})

test('the refusal of another organization tells logs which claims it is about, and not what they say', () => {
  const refusal = (members: Record<string, unknown>): unknown => {
    try {
      return requireOrganization(claims(members), 'acme')
    } catch (error) {
      return (error as OidcError).details
    }
  }
  const subject = 'org_id, org_name or organization'
  expect(refusal({})).toEqual({ subject, seen: 'missing' })
  expect(refusal({ org_name: 'planted' })).toEqual({ subject, seen: 'another value' })
})
