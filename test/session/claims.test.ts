import { describe, expect, test } from '@jest/globals'
import {
  addedClaims,
  DecodedClaims,
  idTokenClaims,
  issuedIdToken,
  personClaims,
  sessionClaims,
  withoutProof,
  withUserinfo,
} from '../../lib/session/claims.js'
import type { IdTokenClaims } from '../../lib/jose/id-token-claims.js'
import { idToken, record } from './example.js'

const claims: IdTokenClaims = { iss: 'https://op.example.com', sub: 'alice', aud: 'web' }
const protocol = ['aud', 'exp', 'iat', 'nbf', 'nonce', 'azp', 'at_hash', 'c_hash', 's_hash', 'jti', 'sid']
const authentication = ['iss', 'sub', 'acr', 'amr', 'auth_time', 'cnf', 'events', 'act', 'may_act']

describe('the claims of a UserInfo response', () => {
  test('are added where the ID Token has none of the name, frozen at every depth', () => {
    const added = addedClaims({ ...claims, name: 'of the token' }, { name: 'other', role: 'admin', address: { a: 1 } })
    expect(added).toEqual({ role: 'admin', address: { a: 1 } })
    expect([added, added['address']].every(Object.isFrozen)).toBe(true)
  })

  test.each([...protocol, ...authentication])('never add %s: only the signed ID Token says that', (name) => {
    expect(addedClaims(claims, { [name]: 'x', name: 'Alice' })).toEqual({ name: 'Alice' })
    expect(addedClaims({ iss: 'i', sub: 's' }, { [name]: 'x' })).toEqual({})
  })

  test('may have names that objects inherit', () => {
    const added = addedClaims(claims, { toString: 'x', constructor: 'y' })
    expect(Object.entries(added)).toEqual([
      ['toString', 'x'],
      ['constructor', 'y'],
    ])
  })

  test.each([
    ['email_verified', 'email'],
    ['phone_number_verified', 'phone_number'],
  ])('add %s together with the %s that it is about', (flag, value) => {
    const own = { ...claims, [value]: 'own' }
    expect(addedClaims(own, { [value]: 'other', [flag]: true })).toEqual({ [value]: 'other', [flag]: true })
    expect(addedClaims(own, { [value]: 'other' })).toEqual({})
    expect(addedClaims({ ...own, [flag]: false }, { [value]: 'other', [flag]: true })).toEqual({})
    expect(addedClaims(claims, { [value]: 'other', [flag]: true })).toEqual({ [value]: 'other', [flag]: true })
    expect(addedClaims(claims, { [value]: 'other' })).toEqual({ [value]: 'other' })
    expect(addedClaims({ ...claims, name: 'own' }, { name: 'other', [flag]: true })).toEqual({ [flag]: true })
  })
})

describe('the claims of an ID Token with those of a UserInfo response', () => {
  test('are the same object where there are no others', () => {
    expect(withUserinfo(claims, undefined)).toBe(claims)
  })

  test('are all of both, frozen; the ID Token’s win', () => {
    const all = withUserinfo({ ...claims, name: 'own' }, { name: 'other', role: 'admin' })
    expect(all).toEqual({ ...claims, name: 'own', role: 'admin' })
    expect(Object.isFrozen(all)).toBe(true)
  })

  test.each([
    ['email_verified', 'email'],
    ['phone_number_verified', 'phone_number'],
  ])('say %s only of the %s that it is about', (flag, value) => {
    const own = { ...claims, [value]: 'own' }
    expect(withUserinfo(own, { [value]: 'other', [flag]: true })).toEqual(own)
    expect(withUserinfo(own, { [flag]: true })).toEqual(own)
    expect(withUserinfo(own, { [value]: 'own', [flag]: true })).toEqual({ ...own, [flag]: true })
    expect(withUserinfo({ ...own, [flag]: true }, { [value]: 'other', [flag]: false })).toEqual({
      ...own,
      [flag]: true,
    })
    expect(withUserinfo(claims, { [value]: 'other', [flag]: true })).toEqual({
      ...claims,
      [value]: 'other',
      [flag]: true,
    })
  })
})

describe('the claims of a session', () => {
  const token = idToken({ sid: 's', jti: 'j', name: 'Alice' })

  test('are those of the ID Token and of the UserInfo response', () => {
    const given = record({ idToken: token, userinfo: { role: 'admin', name: 'other' } })
    expect(sessionClaims(given)).toEqual({ ...claims, sid: 's', jti: 'j', name: 'Alice', role: 'admin' })
    expect(sessionClaims(record({ idToken: token }))).toEqual({ ...claims, sid: 's', jti: 'j', name: 'Alice' })
  })

  test.each(protocol)('that are about the person have no %s', (name) => {
    const person = personClaims(record({ idToken: idToken({ [name]: 'x', acr: 'gold' }) }))
    expect(person).toEqual({ iss: 'https://op.example.com', sub: 'alice', acr: 'gold' })
    expect(Object.isFrozen(person)).toBe(true)
  })

  test('are decoded once by a record that can keep them, and by no copy of it', () => {
    const plain = record({ idToken: token, userinfo: { role: 'admin' } })
    const keeper = DecodedClaims.keptBy(plain)
    expect(keeper).toEqual(plain)
    expect(DecodedClaims.keptBy(keeper)).toBe(keeper)
    expect(DecodedClaims.keptBy(plain)).not.toBe(plain)
    expect(idTokenClaims(keeper)).toBe(idTokenClaims(keeper))
    expect(personClaims(keeper)).toBe(personClaims(keeper))
    expect(idTokenClaims(plain)).not.toBe(idTokenClaims(plain))
    expect(personClaims(plain)).not.toBe(personClaims(plain))
    expect(personClaims({ ...keeper })).toEqual(personClaims(keeper))
    expect(personClaims({ ...keeper })).not.toBe(personClaims(keeper))
  })
})

describe('an ID Token without its proof', () => {
  test('has its claims alone, and was issued by nobody', () => {
    const whole = idToken({ name: 'Alice' })
    const bare = withoutProof(whole)
    expect(bare).toBe(`.${whole.split('.')[1]}.`)
    expect(idTokenClaims({ idToken: bare })).toEqual(idTokenClaims({ idToken: whole }))
    expect([issuedIdToken({ idToken: bare }), issuedIdToken({ idToken: whole })]).toEqual([undefined, whole])
    expect([withoutProof(bare), withoutProof('odd')]).toEqual([bare, '..'])
  })
})
