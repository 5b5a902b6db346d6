import { describe, expect, test } from '@jest/globals'
import { all, any, isRequirement, not, refuseNonRequirements } from '../../lib/policy/combinators.js'
import type { Principal } from '../../lib/policy/principal.js'
import { ask, firstLoginOf, type Requirement, type Verdict } from '../../lib/policy/requirement.js'
import { decisionOf } from '../kit/verdict.js'
import { claim, role } from '../../lib/policy/claims.js'
import { deviceBound } from '../../lib/policy/device-bound.js'
import { acr, maxAge, person, scope } from '../../lib/policy/requirements.js'
import { ProviderError } from '../../lib/errors.js'

const alice: Principal = {
  scheme: 'session',
  subject: 'alice',
  issuer: 'https://op.example.com',
  claims: { dept: 'hr' },
  scopes: ['read'],
  expiresAt: 0,
}
const check = (requirement: Requirement): Promise<Verdict> => decisionOf(requirement, alice)
const passes = async (requirement: Requirement): Promise<boolean> => (await check(requirement)).met

const yes = (): boolean => true
const no = (): boolean => false
/** What a JavaScript caller's predicate may answer. */
const answers =
  (value: unknown): Requirement =>
  () =>
    value as boolean

describe('a predicate', () => {
  test('gets the principal and the request', async () => {
    const seen: unknown[] = []
    await ask((...args) => seen.push(...args) > 0, alice, 'the request')
    expect(seen).toEqual([alice, 'the request'])
  })

  test('may be asynchronous', async () => {
    expect(await passes(async () => true)).toBe(true)
    expect(await passes(async () => false)).toBe(false)
  })

  test.each([undefined, null, 1, 'true', {}, [true]])(
    'that answers %p lets nobody in, nor does its opposite',
    async (value) => {
      expect(await passes(answers(value))).toBe(false)
      expect(await passes(not(answers(value)))).toBe(false)
      expect(await passes(not(any(answers(value), no)))).toBe(false)
      expect(await passes(not(all(yes, answers(value))))).toBe(false)
      expect(await passes(not(not(answers(value))))).toBe(false)
    },
  )

  test.each([undefined, null, 1, 'true', {}, true])(
    'as an object whose verdict says %p lets nobody in, nor does its opposite',
    async (answer) => {
      const odd: Requirement = { kind: 'odd', check: () => ({ met: answer }) as never }
      expect(await passes(odd)).toBe(answer === true)
      expect(await passes(not(odd))).toBe(false)
      const bare: Requirement = { kind: 'bare', check: () => (answer ?? 0) as never }
      expect(await passes(bare)).toBe(false)
      expect(await passes(not(bare))).toBe(false)
    },
  )

  test('is reported by its name', async () => {
    expect(
      await check(function isOwner() {
        return false
      }),
    ).toEqual({ met: false, kind: 'isOwner' })
    expect(await check(() => false)).toEqual({ met: false, kind: 'predicate' })
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('that %s decides nothing', async (_name, broken: Requirement) => {
    for (const requirement of [broken, not(broken), all(yes, broken), any(no, broken)]) {
      await expect(check(requirement)).rejects.toThrow('broken')
    }
  })
})

describe('all()', () => {
  test('asks in order and stops at the first that fails, which it reports', async () => {
    const asked: string[] = []
    const spy =
      (name: string, answer: boolean): Requirement =>
      () =>
        asked.push(name) > 0 && answer
    expect(await check(all(spy('a', true), scope('write'), spy('b', true)))).toEqual({
      met: false,
      kind: 'scope',
      scopes: ['write'],
    })
    expect(asked).toEqual(['a'])
    expect(await passes(all(yes, scope('read'), claim('dept', 'hr')))).toBe(true)
  })
})

describe('all() with an undecided requirement', () => {
  test('asks nothing behind it, which may rely on it, and so does not meet its opposite', async () => {
    const broken: Requirement = () => {
      throw new Error('relied on the one before')
    }
    expect(await check(all(answers(undefined), broken))).toEqual({ met: false, kind: 'predicate', undecided: true })
    expect(await passes(not(all(answers(undefined), no)))).toBe(false)
    expect(await passes(not(all(no, answers(undefined))))).toBe(true)
  })
})

describe('any()', () => {
  test('stops at the first that is met', async () => {
    expect(await passes(any(no, claim('dept', 'hr'), answers('never asked')))).toBe(true)
    expect(await check(any(no, claim('dept', 'it')))).toEqual({ met: false, kind: 'any' })
  })

  test('reports a failure that more scopes or a stronger login would mend', async () => {
    expect(await check(any(no, scope('write')))).toEqual({ met: false, kind: 'scope', scopes: ['write'] })
    expect(await check(any(claim('dept', 'it'), acr('mfa'), scope('write')))).toMatchObject({
      stepUp: { acrValues: ['mfa'] },
    })
    expect(await check(any(answers(undefined), scope('write')))).toMatchObject({ kind: 'scope', undecided: true })
  })

  test('reports the shortest wait after which one may be met', async () => {
    const waiting = (retryAfterSeconds: number) => ({
      kind: 'waiting',
      check: async () => ({ met: false, kind: 'waiting', retryAfterSeconds }) as const,
    })
    expect(await check(any(role('admin'), waiting(5), waiting(1)))).toMatchObject({ kind: 'any', retryAfterSeconds: 1 })
    expect(await check(any(no, scope('write')))).not.toHaveProperty('retryAfterSeconds')
  })
})

describe('not()', () => {
  const isMine = () => true
  test.each([
    ['a requirement that is met', claim('dept', 'hr'), 'not(claim)', 'met'],
    ['a predicate that is met', isMine, 'not(isMine)', 'met'],
    ['one of which nothing is known', role('admin'), 'not(role)', 'undecided (missing)'],
    [
      'one that gives no reason',
      { kind: 'mine', check: () => ({}) as Verdict },
      'not(mine)',
      'undecided (it does not say why)',
    ],
  ] as const)('says for logs why it refuses %s', async (_what, requirement, subject, seen) => {
    const verdict = await ask(not(requirement), alice, undefined)
    expect(verdict).toMatchObject({ met: false, details: { subject, seen, expected: 'not met' } })
  })

  test('requires the opposite, and offers nothing to mend it', async () => {
    expect(await check(not(claim('dept', 'hr')))).toEqual({ met: false, kind: 'not' })
    expect(await passes(not(claim('dept', 'it')))).toBe(true)
    expect(await passes(not(not(scope('read'))))).toBe(true)
    expect(await passes(not(all(no, answers(undefined))))).toBe(true)
  })
})

describe('invalid use of combinators is refused when the application starts', () => {
  const wrong = (value: unknown): Requirement => value as Requirement

  test.each([
    ['all()', () => all(), 'all() needs at least one requirement: pass scope(), permission(), claim(), role()'],
    ['any()', () => any(), 'any() needs at least one requirement'],
    ['all of a string', () => all(yes, wrong('admin')), 'all() got string as argument 2'],
    ['any of undefined', () => any(wrong(undefined)), 'any() got undefined as argument 1'],
    ['not of an object', () => not(wrong({ kind: 'x' })), 'not() got object as argument 1'],
    ['not of a check that is not a function', () => not(wrong({ check: true })), 'not() got object'],
    ['all of a list', () => all(wrong([yes])), 'all() got object'],
    ['all of null', () => all(wrong(null)), 'all() got object'],
  ])('%s', (_name, make, message) => {
    expect(make).toThrow(expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_options' }))
    expect(make).toThrow(message)
  })

  test.each([scope, person, role, deviceBound, all])('%p itself, which nobody has called', (maker) => {
    const message = `got function as argument 1, ${maker.name} itself (call it: ${maker.name}(…))`
    expect(() => refuseNonRequirements('requireAuth', [maker])).toThrow(message)
    expect(() => any(maker as never)).toThrow(message)
  })

  test('a requirement is a function, or an object that checks', () => {
    expect([yes, scope('x'), { check: yes }].every(isRequirement)).toBe(true)
    expect([null, undefined, 'x', {}, { check: 1 }].some(isRequirement)).toBe(false)
  })
})

describe('what the login of an anonymous visitor should reach', () => {
  const [mfa, hardware, any_] = [acr('mfa'), acr('hw'), acr('mfa', 'hw')]
  test.each<[string, Requirement, unknown]>([
    ['acr()', any_, { acrValues: ['mfa', 'hw'] }],
    ['maxAge()', maxAge(60), { maxAge: 60 }],
    ['a claim', claim('dept', 'hr'), undefined],
    ['a predicate', yes, undefined],
    ['all() of both', all(scope('read'), mfa, maxAge(60), yes), { acrValues: ['mfa'], maxAge: 60 }],
    ['all() of two ages: the lower one', all(maxAge(300), maxAge(60)), { maxAge: 60 }],
    ['all() of two lists: what is in both', all(any_, hardware), { acrValues: ['hw'] }],
    ['all() of what excludes each other: nothing', all(mfa, hardware), undefined],
    ['any() of two ages: the higher one', any(maxAge(300), maxAge(60)), { maxAge: 300 }],
    ['any() of two lists: each of them', any(mfa, hardware), { acrValues: ['mfa', 'hw'] }],
    ['any() with another way in: nothing', any(mfa, claim('dept', 'hr')), undefined],
    ['any(): what is asked for in each way', any(all(mfa, maxAge(60)), hardware), { acrValues: ['mfa', 'hw'] }],
    ['any() in all()', all(any(mfa, hardware), hardware), { acrValues: ['hw'] }],
    ['not(): nothing', not(mfa), undefined],
  ])('%s', (_what, requirement, wanted) => {
    expect(firstLoginOf(requirement)).toEqual(wanted)
  })
})

describe('what logs are told', () => {
  const outage = new ProviderError('provider_unavailable', 'it is down')
  const away: Requirement = { kind: 'away', check: () => ({ met: false, kind: 'away', undecided: true, outage }) }
  const told = async (requirement: Requirement) => ask(requirement, alice, undefined)

  test('names each combination by its function', () => {
    expect([all(yes), any(yes), not(yes)].map(({ kind }) => kind)).toEqual(['all', 'any', 'not'])
  })

  test('has what any() was made of', async () => {
    const isOwner = (): boolean => false
    const details = { subject: 'any', seen: 'none of these', expected: 'isOwner or claim' }
    expect(await told(any(isOwner, claim('dept', 'it')))).toEqual({ met: false, kind: 'any', details })
  })

  test('has what not() was about', async () => {
    const details = { subject: 'not(yes)', seen: 'met', expected: 'not met' }
    expect(await told(not(yes))).toEqual({ met: false, kind: 'not', details })
  })

  test('has the outage that kept a requirement from an answer, whatever it is combined with', async () => {
    expect(await told(any(no, away, scope('write')))).toMatchObject({ kind: 'away', outage })
    expect(await told(not(away))).toMatchObject({ met: false, kind: 'not', undecided: true, outage })
    expect(await told(all(yes, away))).toMatchObject({ kind: 'away', outage })
  })

  test('is nothing of an outage that another requirement made irrelevant', async () => {
    expect(await told(any(away, yes))).toEqual({ met: true })
  })

  test('all() waits for an answer in the middle, and asks on only if it is met', async () => {
    const asked: string[] = []
    const later = (name: string, answer: boolean) => async () => {
      asked.push(name)
      return answer
    }
    expect(await passes(all(yes, later('first', true), later('second', true)))).toBe(true)
    expect(await passes(all(yes, later('third', false), later('never', true)))).toBe(false)
    expect(asked).toEqual(['first', 'second', 'third'])
    expect(await passes(all(yes, later('fourth', true), no))).toBe(false)
  })
})

describe('refuseNonRequirements()', () => {
  test('suggests requirements for a bare name, and for nothing else', () => {
    expect(() => refuseNonRequirements('any', [yes, 'admin'])).toThrow(
      'any() got string as argument 2 (perhaps meant: scope("admin") or role("admin")): pass scope()',
    )
    expect(() => refuseNonRequirements('any', [7])).toThrow('any() got number as argument 1: pass scope()')
  })

  test('tells who uses requireAuth as a middleware to call it, and nobody else', () => {
    const req = { method: 'GET', url: '/', headers: {} }
    expect(() => refuseNonRequirements('requireAuth', [req])).toThrow('requireAuth(): invalid options')
    expect(() => refuseNonRequirements('any', [req])).toThrow('any() got object as argument 1')
  })
})
