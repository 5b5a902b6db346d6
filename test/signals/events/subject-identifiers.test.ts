import { describe, expect, test } from '@jest/globals'
import { requireSubjectIdentifier } from '../../../lib/signals/events/subject-identifiers.js'
import { failureOf } from '../../kit/failure.js'

const mail = { format: 'email', email: 'alice@example.com' }
const aliases = (identifiers: unknown) => ({ format: 'aliases', identifiers })

describe('a subject identifier', () => {
  test.each([
    [mail],
    [{ format: 'account', uri: 'acct:alice@example.com' }],
    [{ format: 'iss_sub', iss: 'https://id.example', sub: 'alice' }],
    [{ format: 'opaque', id: '1' }],
    [{ format: 'phone_number', phone_number: '+12065550100' }],
    [{ format: 'did', url: 'did:example:123' }],
    [{ format: 'uri', uri: 'urn:uuid:1' }],
    [{ format: 'jwt_id', iss: 'https://id.example', jti: 'j' }],
    [{ format: 'saml_assertion_id', issuer: 'https://id.example', assertion_id: 'a' }],
    [{ format: 'ip-addresses', 'ip-addresses': ['10.29.37.75'] }],
    [{ format: 'of-tomorrow', anything: true }],
    [aliases([mail, { format: 'opaque', id: '1' }])],
    [{ format: 'complex', user: mail, device: { format: 'opaque', id: '1' } }],
  ])('%j is valid', (value) => {
    expect(requireSubjectIdentifier(value)).toBe(value)
  })

  test.each([
    ['a text', 'alice'],
    ['a list', [mail]],
    ['without format', { email: 'alice@example.com' }],
    ['with a format that is not text', { format: 1 }],
    ['with an endless format', { format: 'x'.repeat(65) }],
    ['without the member of its format', { format: 'email' }],
    ['with an empty member', { format: 'email', email: '' }],
    ['with an endless member', { format: 'opaque', id: 'x'.repeat(2049) }],
    ['with no addresses', { format: 'ip-addresses', 'ip-addresses': [] }],
    ['complex in complex', { format: 'complex', user: { format: 'complex', user: mail } }],
    ['complex with a member that is not an identifier', { format: 'complex', user: 'alice' }],
    ['with no aliases', aliases([])],
    ['with aliases that are not a list', aliases(mail)],
    ['with too many aliases', aliases(Array.from({ length: 21 }, () => mail))],
    ['with aliases in aliases', aliases([aliases([mail])])],
    ['with a complex alias', aliases([{ format: 'complex', user: mail }])],
    ['with an alias that is not an identifier', aliases(['alice'])],
  ])('SG07: %s is refused', async (_what, value) => {
    expect(await failureOf(() => requireSubjectIdentifier(value))).toMatchObject({
      code: 'token_claim_invalid',
      details: { subject: 'sub_id' },
    })
  })

  test('whose format is named like a member of every object is one that is not known', () => {
    const value = { format: 'constructor' }
    expect(requireSubjectIdentifier(value)).toBe(value)
  })
})
