import { describe, expect, test } from '@jest/globals'
import { findSignOfPerson } from '../../../lib/resource-server/validation/person-signs.js'

const signIn = (claims: Record<string, unknown>, scopes: readonly string[] = [], allowed: readonly string[] = []) =>
  findSignOfPerson(claims, scopes, allowed)

const harmless =
  'iss aud exp nbf iat jti scope scp cnf typ token_use token_type active ver version tid client_id azp azpacr cid appid appidacr apptype ' +
  'client clientId clientHost client_tenant CLIENT_TIER'

describe('a sign of a person', () => {
  test.each(harmless.split(' '))('is not the claim %s', (name) => {
    for (const value of ['x', 5, true, ['x', 5], [['x']]]) expect(signIn({ [name]: value })).toBeUndefined()
  })

  test.each([
    ...['', 'sub', 'name', 'Iss', 'my_client', 'a client', 'isss', 'clien', 'aud ', 'client_user', 'clientuser'],
    ...[
      'client_of_a_user',
      'clientPerson',
      'client_owner',
      'client_last_Login',
      'clientEmail',
      'client_mail',
      'clientSub',
    ],
  ])('is the claim %j', (name) => {
    expect(signIn({ iss: 'x', [name]: 'x' })).toBe(`the claim ${JSON.stringify(name)}`)
  })

  test('is an object anywhere, since it may hold anything, but for what a token is bound to', () => {
    expect(signIn({ cnf: { jkt: 'x' } })).toBeUndefined()
    for (const value of [{ name: 'x' }, {}, ['x', { name: 'x' }], [[{}]]]) {
      expect(signIn({ client_data: value })).toBe('the claim "client_data"')
      expect(signIn({ aud: value })).toBe('the claim "aud"')
    }
  })

  test('is not a claim without content, nor one that the application knows', () => {
    expect(signIn({ name: null, email: '', groups: [], sub: undefined })).toBeUndefined()
    expect(signIn({ tenant: { name: 'x' }, plan: 'x' }, [], ['plan', 'tenant'])).toBeUndefined()
    expect(signIn({ tenant: 'x', plan: 'x' }, [], ['tenant'])).toBe('the claim "plan"')
  })

  test('is a scope that concerns a person, wherever it is, before any claim', () => {
    expect(signIn({ name: 'x' }, ['a', 'openid'])).toBe('the scope "openid"')
    expect(signIn({ name: 'x', scope: 'a profile' })).toBe('the scope "profile"')
    expect(signIn({ scp: ['email'] }, ['a'])).toBe('the scope "email"')
    expect(signIn({ scope: 'a b' }, ['c'])).toBeUndefined()
  })

  test('is the first one, and quoted up to 80 characters', () => {
    expect(signIn({ one: 'x', two: 'x' })).toBe('the claim "one"')
    expect(signIn({ ['x'.repeat(80)]: 'x' })).toBe(`the claim "${'x'.repeat(80)}"`)
    expect(signIn({ ['x'.repeat(81)]: 'x' })).toBe(`the claim "${'x'.repeat(80)}"`)
    expect(signIn({ 'a"\n': 'x' })).toBe('the claim "a\\"\\n"')
  })
})
