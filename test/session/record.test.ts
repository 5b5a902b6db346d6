import { describe, expect, test } from '@jest/globals'
import { idTokenClaims, personClaims } from '../../lib/session/claims.js'
import { sessionData } from '../../lib/session/application-data.js'
import { type SessionRecord, fromPayload, toPayload } from '../../lib/session/record.js'
import { idToken, record } from './example.js'
import { start } from '../kit/clock.js'

const full: SessionRecord = record({
  touchedAt: start + 5,
  tokens: {
    accessToken: 'access',
    tokenType: 'dpop',
    scope: 'openid email',
    expiresAt: start + 300,
    refreshToken: 'refresh',
  },
  userinfo: { name: 'Alice', roles: ['admin'] },
  data: { cart: [{ id: 1 }] },
})

describe('a sealed record', () => {
  test.each([
    ['whole', full],
    ['without what is optional', record()],
  ])('reads back as it was written, %s', (_name, written) => {
    expect(fromPayload(toPayload(written, start + 600))).toEqual(written)
  })

  test('says when it ends, and leaves out missing members', () => {
    const payload = toPayload(record(), start + 600)
    expect(payload.exp).toBe(start + 600)
    expect(Object.keys(payload)).not.toEqual(expect.arrayContaining(['rft']))
    expect(Object.values(payload)).not.toContain(undefined)
  })

  test.each(['v', 'id', 'iat', 'upd', 'idt', 'typ', 'scp'])('without a valid %s is not a record', (name) => {
    const payload = toPayload(full, start + 600)
    expect(fromPayload({ ...payload, [name]: undefined })).toBeUndefined()
    expect(fromPayload({ ...payload, [name]: {} })).toBeUndefined()
  })

  test('keeps authorization details, and is not a record if they are invalid', () => {
    const written = { ...full, tokens: { ...full.tokens, authorizationDetails: [{ type: 'payment', amount: 5 }] } }
    const payload = toPayload(written, start + 600)
    expect(fromPayload(payload)).toEqual(written)
    for (const rar of ['x', null, [{}]]) expect(fromPayload({ ...payload, rar })).toBeUndefined()
  })

  test('may lack an access token, but may not have one that is not text', () => {
    const { accessToken: _accessToken, ...tokens } = full.tokens
    const payload = toPayload({ ...full, tokens }, start + 600)
    expect(payload).not.toHaveProperty('act')
    expect(fromPayload(payload)).toEqual({ ...full, tokens })
    for (const act of [{}, null, 5]) expect(fromPayload({ ...payload, act })).toBeUndefined()
  })

  test('of another version, or with data that is not an object, is not a record', () => {
    const payload = toPayload(full, start + 600)
    expect(fromPayload({ ...payload, v: 2 })).toBeUndefined()
    for (const wrong of [null, [], 'x']) {
      expect(fromPayload({ ...payload, dat: wrong })).toBeUndefined()
      expect(fromPayload({ ...payload, uic: wrong })).toBeUndefined()
    }
  })

  test('says whether its cookie outlives the browser where that differs, and opens without that, as earlier versions wrote it', () => {
    for (const remember of [true, false]) {
      const payload = toPayload({ ...full, remember }, start + 600)
      expect(payload).toMatchObject({ rem: remember })
      expect(fromPayload(payload)).toEqual({ ...full, remember })
      expect(fromPayload({ ...payload, rem: 'yes' })).toBeUndefined()
    }
    const before = toPayload(record(), start + 600)
    expect(before).not.toHaveProperty('rem')
    expect(fromPayload(before)).not.toHaveProperty('remember')
  })

  test('has only the members that it knows', () => {
    const payload = { ...toPayload(full, start + 600), isAdmin: true, ate: 'soon', rft: 5 }
    const { expiresAt: _expiresAt, refreshToken: _refreshToken, ...tokens } = full.tokens
    expect(fromPayload(payload)).toEqual({ ...full, tokens })
  })

  test('holds data that is frozen at every depth', () => {
    const read = fromPayload(toPayload({ ...full, data: { cart: [{ id: 1 }] } }, start + 600))
    const [item] = read?.data['cart'] as object[]
    expect([read?.data, item].every(Object.isFrozen)).toBe(true)
  })
})

describe('the claims of the ID Token', () => {
  const claims = { aud: 'web', exp: 1, iat: 1, nbf: 1, nonce: 'n', azp: 'web', at_hash: 'h', c_hash: 'h', s_hash: 'h' }
  const person = { name: 'Zoë', roles: ['a'], auth_time: 5, acr: 'x' }

  test('are all present, frozen at every depth', () => {
    const all = idTokenClaims(record({ idToken: idToken({ ...claims, ...person }) }))
    expect(all).toEqual({ iss: 'https://op.example.com', sub: 'alice', ...claims, ...person })
    expect([all, all['roles']].every(Object.isFrozen)).toBe(true)
  })

  test('describe the person, without those of the protocol', () => {
    const token = idToken({ ...claims, ...person, jti: 'j', sid: 's' })
    const user = personClaims(record({ idToken: token }))
    expect(user).toEqual({ iss: 'https://op.example.com', sub: 'alice', ...person })
    expect(Object.isFrozen(user)).toBe(true)
  })

  test('are decoded once for a session that was read, and anew for a copy with another ID Token', () => {
    const read = fromPayload(toPayload(record({ userinfo: { name: 'Alice' } }), start + 60)) ?? record()
    expect(idTokenClaims(read)).toBe(idTokenClaims(Object.freeze(read)))
    expect(personClaims(read)).toBe(personClaims(read))
    const renewed = { ...read, idToken: idToken({ sub: 'alice', acr: 'gold' }), userinfo: { name: 'Alice B.' } }
    expect([idTokenClaims(renewed), personClaims(renewed)]).toMatchObject([{ acr: 'gold' }, { name: 'Alice B.' }])
  })

  test.each(['', 'a', 'a.b.c', `e30.${Buffer.from('{"iss":1,"sub":"x"}').toString('base64url')}.x`])(
    'cannot be read from a token such as %p, which should not have been sealed',
    (token) => {
      expect(() => idTokenClaims(record({ idToken: token }))).toThrow('a session must hold a validated ID Token')
    },
  )
})

describe('the application’s data in a session', () => {
  test('is copied as it will be read back, and frozen', () => {
    const given = {
      when: '1970-01-01',
      none: undefined,
      list: [1, null],
      nested: { a: 'b' },
      bare: Object.create(null),
    }
    const data = sessionData('update() takes', given)
    expect(data).toEqual({ when: '1970-01-01', list: [1, null], nested: { a: 'b' }, bare: {} })
    expect([data, data['nested'], data['list']].every(Object.isFrozen)).toBe(true)
    expect([given, given.list, given.nested].some(Object.isFrozen)).toBe(false)
  })

  class Account {
    readonly name = 'canary'
  }

  test.each([
    ['a Date', new Date(0), 'an object of class Date'],
    ['a Map', new Map([['canary', 1]]), 'an object of class Map'],
    ['an object of a class', new Account(), 'an object of class Account'],
    ['what writes itself as JSON', new URL('https://canary.example.com'), 'an object of class URL'],
    ['a function', () => 'canary', 'a value of type function'],
    ['a symbol', Symbol('canary'), 'a value of type symbol'],
    ['no number', NaN, 'a number that JSON does not have'],
    ['an infinite number', Infinity, 'a number that JSON does not have'],
    ['a hole in a list', [1, undefined], 'a value of type undefined'],
  ])('may not hold %s, which JSON cannot represent', (_name, value, what) => {
    for (const given of [{ canary: value }, { nested: [{ canary: value }] }]) {
      const store = (): unknown => sessionData('onLogin() takes', given)
      expect(store).toThrow(expect.objectContaining({ code: 'invalid_options' }))
      expect(store).toThrow(`this one holds ${what}, which JSON cannot represent`)
      expect(store).not.toThrow('canary')
    }
  })

  const circular: Record<string, unknown> = {}
  circular['self'] = circular

  test('may have members called constructor and prototype: they are data', () => {
    const data = { constructor: 'x', prototype: [{ constructor: {} }] }
    expect(sessionData('update() takes', data)).toEqual(data)
  })

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'canary'],
    ['a list', ['canary']],
    ['a function', () => 'canary'],
    ['a big integer', { canary: 1n }],
    ['a circle', circular],
    ['a forbidden name', JSON.parse('{"__proto__":{"canary":1}}') as unknown],
    ['a nested forbidden name', { a: [JSON.parse('{"__proto__":"canary"}') as unknown] }],
  ])('may not be %s', (_name, value) => {
    const store = (): unknown => sessionData('update() takes', value)
    expect(store).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    expect(store).toThrow(/^update\(\) takes a plain object of JSON values/)
    expect(store).not.toThrow('canary')
  })
})
