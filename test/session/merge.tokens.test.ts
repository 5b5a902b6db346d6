import { describe, expect, test } from '@jest/globals'
import { mergeTokens, mergeRecords } from '../../lib/session/merge.js'
import { type SessionTokens, fromPayload, toPayload } from '../../lib/session/record.js'
import { type AdditionalToken, maxAdditionalTokens, addToken } from '../../lib/session/additional-tokens.js'
import { renewedRecord } from '../../lib/relying-party/tokens/refreshes.js'
import { idToken, record } from './example.js'
import { start } from '../kit/clock.js'

function token(target: string, obtainedAt = start, changes: Partial<AdditionalToken> = {}): AdditionalToken {
  return { target, accessToken: `${target}@${obtainedAt}`, tokenType: 'bearer', obtainedAt, ...changes }
}

function tokens(refreshToken: string, further: readonly AdditionalToken[] = [], changes: Partial<SessionTokens> = {}) {
  const main = { accessToken: 'main', tokenType: 'bearer', scope: 'openid', obtainedAt: start }
  return { ...main, refreshToken, ...(further.length === 0 ? {} : { additionalTokens: further }), ...changes }
}

const targets = ({ additionalTokens: further = [] }: SessionTokens) => further.map(({ target }) => target)

describe('tokens that two requests have obtained', () => {
  test('are both kept, under the refresh token that came last', () => {
    const own = tokens('r1', [token('a')], { generation: 1 })
    const other = tokens('r2', [token('b', start + 1)], { generation: 2 })
    for (const merged of [mergeTokens(own, other), mergeTokens(other, own)]) {
      expect([merged.refreshToken, merged.generation, targets(merged)]).toEqual(['r2', 2, ['a', 'b']])
    }
  })

  test('RF16: never bring a used refresh token back, whatever the clocks of the processes say', () => {
    const stored = tokens('r2', [], { generation: 2, accessToken: 'second', obtainedAt: start - 5 })
    const slow = tokens('r1', [], { generation: 1, accessToken: 'first', obtainedAt: start })
    expect(mergeTokens(stored, slow)).toBe(stored)
    const merged = mergeRecords(record({ tokens: tokens('r0') }), record({ tokens: slow }), record({ tokens: stored }))
    expect(merged.tokens).toBe(stored)
  })

  test('are ordered by age where the refresh token stays the same', () => {
    const older = tokens('r', [token('a')], { accessToken: 'older', generation: 7 })
    const later = tokens('r', [token('a', start + 1)], { accessToken: 'later', obtainedAt: start + 1, generation: 5 })
    for (const merged of [mergeTokens(older, later), mergeTokens(later, older)]) {
      expect([merged.accessToken, merged.additionalTokens?.[0]?.accessToken]).toEqual(['later', `a@${start + 1}`])
    }
  })

  test('count as renewed where the provider issued the same ones again: the refresh may have brought an ID Token', () => {
    const own = tokens('r')
    const same = tokens('r', [], { obtainedAt: start + 5, generation: 1 })
    expect(mergeTokens(own, same)).toMatchObject({ obtainedAt: start + 5, generation: 1 })
    expect(mergeTokens(same, own)).toBe(same)
    const outcome = { kind: 'renewed', tokens: same, idToken: idToken({ n: 1 }) } as const
    expect(renewedRecord(record({ tokens: own }), outcome).idToken).toBe(outcome.idToken)
  })

  test.each(['r', 'r2'])(
    'are those of the next refresh, also after the clock was set back (its refresh token: %s)',
    (next) => {
      const own = tokens('r', [token('a'), token('b')], { accessToken: 'old' })
      const [ofA, back] = [token('a', start - 3600), { accessToken: 'new', obtainedAt: start - 3600, generation: 1 }]
      const other = tokens(next, [ofA, token('b')], back)
      const outcome = { kind: 'renewed', tokens: other, idToken: idToken({ n: 1 }) } as const
      const renewed = renewedRecord(record({ tokens: own }), outcome)
      expect(renewed).toMatchObject({ tokens: { accessToken: 'new', generation: 1 }, idToken: outcome.idToken })
      expect(renewed.tokens.additionalTokens).toEqual([ofA, token('b')])
      expect(renewedRecord(renewed, outcome)).toBe(renewed)
      expect(mergeTokens(renewed.tokens, own)).toBe(renewed.tokens)
    },
  )

  test('are the same object where nothing is new', () => {
    const own = tokens('r', [token('a'), token('b')])
    expect(mergeTokens(own, tokens('r', [token('b')]))).toBe(own)
    expect(mergeTokens(own, tokens('r'))).toBe(own)
    expect(mergeTokens(tokens('r', [], { obtainedAt: start + 1, accessToken: 'x' }), own).accessToken).toBe('x')
  })

  test('do not change when they are merged again, even if all are of one second', () => {
    const own = tokens(
      'r',
      ['b', 'c', 'd', 'e', 'f'].map((name) => token(name)),
    )
    const other = tokens(
      'r',
      ['a', 'b', 'c', 'd', 'g'].map((name) => token(name)),
    )
    const merged = mergeTokens(own, other)
    expect(targets(merged)).toHaveLength(maxAdditionalTokens)
    expect(mergeTokens(merged, other)).toBe(merged)
    expect(mergeTokens(merged, own)).toBe(merged)
  })

  test('include the ID Token of the later grant, and the data of both', () => {
    const base = record({ tokens: tokens('r0') })
    const next = record({ tokens: tokens('r1', [token('a')], { generation: 1 }), idToken: idToken({ n: 1 }) })
    expect(mergeRecords(base, next, base)).toMatchObject({ idToken: next.idToken, tokens: next.tokens })
    const stored = record({ tokens: tokens('r2', [], { generation: 2 }), idToken: idToken({ n: 2 }) })
    expect(mergeRecords(base, next, stored)).toMatchObject({ idToken: stored.idToken, tokens: { refreshToken: 'r2' } })
  })
})

describe('a token for a further target', () => {
  test('RE01: replaces its predecessor, then those that have expired, and then the oldest', () => {
    const ended = token('ended', start, { expiresAt: start + 10 })
    const five = ['a', 'b', 'c', 'd'].map((name, index) => token(name, start + index))
    expect(addToken([ended, ...five], token('e', start + 10)).map(({ target }) => target)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ])
    const full = [...five, token('e', start + 4)]
    expect(addToken(full, token('f', start + 5)).map(({ target }) => target)).toEqual(['b', 'c', 'd', 'e', 'f'])
    expect(addToken(full, token('a', start + 5)).map(({ target }) => target)).toEqual(['b', 'c', 'd', 'e', 'a'])
    expect(addToken(full, token('new', start - 100)).map(({ target }) => target)).toContain('new')
  })

  test('is read back as it was sealed; an unreadable one is left out, and nobody is signed out by it', () => {
    const written = record({
      tokens: tokens('r', [token('a'), token('b', start, { expiresAt: start + 600 })], { generation: 3 }),
    })
    const payload = toPayload(written, start + 600)
    expect(fromPayload(payload)).toEqual(written)
    const spoilt = [['a'], 'b', null, { target: 'c' }, ['d', 'x', 'bearer', 'soon'], ['e', 'x', 7, start]]
    expect(fromPayload({ ...payload, fur: spoilt })?.tokens).toEqual(tokens('r', [], { generation: 3 }))
    for (const fur of ['x', null, {}]) expect(fromPayload({ ...payload, fur })?.tokens.additionalTokens).toBeUndefined()
  })
})
