import { describe, expect, test } from '@jest/globals'
import type { AuthorizationDetail, NamedRequirement, Principal } from '../../lib/index.js'
import { all, any, authorizationDetails, not, role, scope } from '../../lib/index.js'
import type { DetailCheck } from '../../lib/policy/authorization-details.js'
import { ask, type Verdict } from '../../lib/policy/requirement.js'
import { startApi } from '../kit/resource-server/server.js'

interface Payment extends AuthorizationDetail {
  readonly type: 'payment'
  readonly amount?: number
}

const small: Payment = { type: 'payment', amount: 5 }
const large: Payment = { type: 'payment', amount: 500 }

function principal(details: readonly AuthorizationDetail[] | undefined, more: Partial<Principal> = {}): Principal {
  const who = { scheme: 'bearer', subject: 'alice', issuer: 'https://op.example.com', expiresAt: 0 } as const
  const granted = details === undefined ? {} : { authorizationDetails: details }
  return { ...who, claims: {}, scopes: [], ...granted, ...more }
}

const check = (requirement: NamedRequirement, who: Principal): Promise<Verdict> =>
  Promise.resolve(ask(requirement, who, undefined))
const atMost = (limit: number) =>
  authorizationDetails<Payment>('payment', ({ amount = Infinity }) => Number.isFinite(amount) && amount <= limit)

describe('authorizationDetails()', () => {
  test.each<[string, readonly AuthorizationDetail[], boolean]>([
    ['one that is enough', [small], true],
    ['one that is enough, after another that is not', [large, small], true],
    ['one that is not enough', [large], false],
    ['another type with the same members', [{ ...small, type: 'refund' }], false],
    ['none', [], false],
  ])('is met by any one detail of the type for which the function returns true: %s', async (_what, details, isMet) => {
    expect((await check(atMost(10), principal(details))).met).toBe(isMet)
  })

  test('without a function, any detail of the type is enough', async () => {
    expect(await check(authorizationDetails('payment'), principal([large]))).toEqual({ met: true })
    expect(await check(authorizationDetails('refund'), principal([large]))).toMatchObject({ met: false })
  })

  test('compares the whole type', async () => {
    const details = [{ type: 'payments' }, { type: 'Payment' }]
    expect((await check(authorizationDetails('payment'), principal(details))).met).toBe(false)
  })

  test('gives the function the detail, the request and the principal', async () => {
    const seen: unknown[] = []
    const req = { url: '/' }
    const who = principal([small])
    const remember: DetailCheck<Payment, typeof req> = async (...args) => seen.push(args) === 1
    expect(await ask(authorizationDetails<Payment, typeof req>('payment', remember), who, req)).toEqual({ met: true })
    expect(seen).toEqual([[small, req, who]])
  })

  test('says in logs which type was wanted, and nothing of what was granted', async () => {
    const verdict = await check(atMost(10), principal([large]))
    expect(verdict).toMatchObject({ kind: 'authorizationDetails', detailType: 'payment' })
    expect(JSON.stringify(verdict)).toContain('of this type, but not enough')
    expect(JSON.stringify(verdict)).not.toContain('500')
    expect(await check(atMost(10), principal([{ type: 'account' }]))).toMatchObject({ details: { seen: 'others' } })
  })

  test('a rejection of the function goes to the caller', async () => {
    const failing = authorizationDetails('payment', () => Promise.reject(new Error('database')))
    await expect(check(failing, principal([small]))).rejects.toThrow('database')
  })

  test.each<[string, NamedRequirement, readonly AuthorizationDetail[] | undefined]>([
    ['the server does not say what was granted', authorizationDetails('payment'), undefined],
    ['the function returns neither true nor false', authorizationDetails('payment', (() => 1) as never), [small]],
    ['the function returns nothing', authorizationDetails('payment', (() => undefined) as never), [small]],
  ])('RA01: is undecided, and not() refuses too, where %s', async (_what, requirement, details) => {
    expect(await check(requirement, principal(details))).toMatchObject({ met: false, undecided: true })
    expect((await check(not(requirement), principal(details))).met).toBe(false)
  })

  test('takes part in all(), any() and not()', async () => {
    const who = principal([small], { claims: { roles: ['clerk'] } })
    expect((await check(all(role('clerk'), atMost(10)), who)).met).toBe(true)
    expect((await check(any(role('admin'), atMost(10)), who)).met).toBe(true)
    expect((await check(not(atMost(1)), who)).met).toBe(true)
    expect((await check(not(atMost(10)), who)).met).toBe(false)
    expect(await check(any(role('admin'), atMost(1)), who)).toMatchObject({ detailType: 'payment' })
  })

  test.each([
    ['no type', []],
    ['an empty type', ['']],
    ['a list of types', [['payment']]],
    ['no function', ['payment', { amount: 5 }]],
  ])('refuses %s when it is made', (_what, args) => {
    const make = authorizationDetails as (...given: unknown[]) => unknown
    expect(() => make(...args)).toThrow('authorizationDetails() takes a type')
  })
})

describe('an access token', () => {
  const start = (...requirements: readonly NamedRequirement[]) => startApi({ requirements })

  test('RA02: without the details gets 403 with a challenge for a token that has them', async () => {
    const api = await start(atMost(10))
    const ofToken = (details: unknown) => api.present(api.issuer.accessToken({ authorization_details: details }))
    expect((await ofToken([small])).status).toBe(200)
    const answer = await ofToken([large])
    expect(answer).toMatchObject({ status: 403, json: { code: 'insufficient_scope' } })
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", error_description="the access token lacks the authorization details that this needs"',
    )
    expect((await ofToken(undefined)).status).toBe(403)
  })

  test('lacking a scope is told the scope first, in the order of the guard', async () => {
    const api = await start(scope('payments'), atMost(10))
    const answer = await api.present(api.issuer.accessToken())
    expect(answer.headers['www-authenticate']).toContain('scope="payments"')
  })
})
