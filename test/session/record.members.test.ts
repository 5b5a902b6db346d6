import { describe, expect, test } from '@jest/globals'
import { beganAt, fromPayload, sessionProviderIn, type SessionRecord, toPayload } from '../../lib/session/record.js'
import { start } from '../kit/clock.js'
import { idToken, record } from './example.js'

const full: SessionRecord = record({
  touchedAt: start + 5,
  tokens: {
    accessToken: 'access',
    tokenType: 'dpop',
    scope: 'openid email',
    expiresAt: start + 300,
    obtainedAt: start + 1,
    refreshToken: 'refresh',
    generation: 2,
    additionalTokens: [{ target: 'a', accessToken: 'x', tokenType: 'bearer', obtainedAt: start }],
  },
  provider: { name: 'work', key: 'a-key' },
  userinfo: { name: 'Alice' },
  userinfoAt: start + 2,
  data: { cart: 1 },
  remember: true,
  origin: 'https://b.example',
  slot: 7,
  device: { id: 'binding', thumbprint: 'of-the-key' },
})
const payload = toPayload(full, start + 600)

describe('the payload of a session', () => {
  test('has short names for all that there is', () => {
    expect(payload).toEqual({
      v: 1,
      exp: start + 600,
      id: 'an-id',
      iat: start,
      upd: start + 5,
      idt: idToken(),
      act: 'access',
      typ: 'dpop',
      scp: 'openid email',
      ate: start + 300,
      ato: start + 1,
      rft: 'refresh',
      gen: 2,
      fur: [['a', 'x', 'bearer', start]],
      prv: ['work', 'a-key'],
      uic: { name: 'Alice' },
      uia: start + 2,
      dat: { cart: 1 },
      org: 'https://b.example',
      rem: true,
      slt: 7,
      dev: ['binding', 'of-the-key'],
    })
    expect(fromPayload(payload)).toEqual(full)
  })

  test('has no member for what there is not', () => {
    const least = toPayload(record(), start + 600)
    expect(Object.keys(least)).toEqual(['v', 'exp', 'id', 'iat', 'upd', 'idt', 'act', 'typ', 'scp'])
    const read = fromPayload(least) ?? record()
    expect(Object.keys(read)).toEqual(['id', 'createdAt', 'touchedAt', 'idToken', 'tokens', 'data'])
    expect(Object.keys(read.tokens).sort()).toEqual(['accessToken', 'scope', 'tokenType'])
  })

  test.each([
    ['ate', 'expiresAt'],
    ['ato', 'obtainedAt'],
    ['rft', 'refreshToken'],
    ['gen', 'generation'],
    ['fur', 'additionalTokens'],
  ] as const)('is read without a %s that is of another type', (name, member) => {
    const { [member]: _, ...tokens } = full.tokens
    for (const value of [name === 'rft' ? 5 : '5', null, {}]) {
      const read = fromPayload({ ...payload, [name]: value })
      expect(read).toEqual({ ...full, tokens })
      expect(Object.keys(read?.tokens ?? {})).not.toContain(member)
    }
  })

  test('is read without a time of its claims from UserInfo that is no number, as earlier versions wrote it', () => {
    const { userinfoAt: _, ...timeless } = full
    for (const uia of ['5', null, undefined]) {
      expect(fromPayload({ ...payload, uia })).toEqual(timeless)
      expect(fromPayload({ ...payload, uia })).not.toHaveProperty('userinfoAt')
    }
  })

  test('is read without a slot that is no number', () => {
    const { slot: _, ...unlisted } = full
    for (const slt of ['7', null]) {
      expect(fromPayload({ ...payload, slt })).toEqual(unlisted)
      expect(fromPayload({ ...payload, slt })).not.toHaveProperty('slot')
    }
    expect(fromPayload(toPayload(record({ slot: 0 }), start + 600))?.slot).toBe(0)
  })

  test.each(['prv', 'uic', 'org', 'rem', 'dev'])(
    'is none of this version with %s of another type, alone or not',
    (name) => {
      const others = ['prv', 'uic', 'org', 'rem', 'dev'].filter((each) => each !== name)
      const alone = Object.fromEntries(Object.entries(payload).filter(([member]) => !others.includes(member)))
      for (const value of [null, 5, [], [5, 5]]) {
        expect(fromPayload({ ...payload, [name]: value })).toBeUndefined()
        expect(fromPayload({ ...alone, exp: start + 600, [name]: value })).toBeUndefined()
      }
    },
  )

  test.each([
    ['provider', { provider: { name: 'work', key: 'a-key' } }],
    ['userinfo', { userinfo: { name: 'Alice' } }],
    ['origin', { origin: 'https://b.example' }],
    ['remember', { remember: false }],
    ['device', { device: { id: 'binding', offeredUntil: start } }],
  ])('is read with %s alone', (member, given) => {
    const read = fromPayload(toPayload(record(given), start + 600))
    expect(read).toEqual(record(given))
    expect(Object.keys(read ?? {}).slice(6)).toEqual([member])
  })

  test('has claims of UserInfo that are frozen at every depth', () => {
    const { userinfo } = fromPayload({ ...payload, uic: { address: { a: 1 } } }) ?? {}
    expect([userinfo, userinfo?.['address']].every(Object.isFrozen)).toBe(true)
  })
})

describe('the provider of a session', () => {
  test.each([
    [['work', 'a-key'], { name: 'work', key: 'a-key' }],
    [['work', 'a-key', 'more'], { name: 'work', key: 'a-key' }],
    [['work'], undefined],
    [[5, 'a-key'], undefined],
    [['work', 5], undefined],
    [{ name: 'work', key: 'a-key' }, undefined],
    ['work', undefined],
    [undefined, undefined],
    [null, undefined],
  ])('is read from its name and key: %j', (value, provider) => {
    expect(sessionProviderIn(value)).toEqual(provider)
  })
})

describe('a session that began', () => {
  const [first, second] = ['https://a.example', 'https://b.example'].map((origin, index) => ({
    origin,
    isFirst: index === 0,
  }))

  test.each([
    ['at the only base URL', undefined, undefined, true],
    ['somewhere, where no base URL counts', 'https://b.example', undefined, true],
    ['before there were several, at the first', undefined, first, true],
    ['before there were several, at another', undefined, second, false],
    ['at another, there', 'https://b.example', second, true],
    ['at another, at the first', 'https://b.example', first, false],
    ['at the first by name, there', 'https://a.example', first, true],
    ['at the first by name, at another', 'https://a.example', second, false],
  ])('%s: %p', (_what, origin, place, began) => {
    expect(beganAt(record(origin === undefined ? {} : { origin }), place)).toBe(began)
  })
})
