import { describe, expect, test } from '@jest/globals'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'
import { active, introspectingApi } from '../../kit/resource-server/introspecting.js'

const payment = { type: 'payment', amount: { value: '5', currency: 'EUR' } }

const malformed: readonly (readonly [string, unknown])[] = [
  ['an object', payment],
  ['text', JSON.stringify([payment])],
  ['a list of texts', ['payment']],
  ['a list in a list', [[payment]]],
  ['null in a list', [payment, null]],
  ['no type', [{ amount: payment.amount }]],
  ['an empty type', [{ type: '' }]],
  ['a number as type', [{ type: 5 }]],
  ['true', true],
]

describe('authorization_details of an access token', () => {
  test('are those of the principal, frozen', async () => {
    const { issuer, accept } = testApi()
    const { authorizationDetails } = await accept(issuer.accessToken({ authorization_details: [payment] }))
    expect(authorizationDetails).toEqual([payment])
    expect(Object.isFrozen(authorizationDetails?.[0]?.['amount'])).toBe(true)
  })

  test('may be none', async () => {
    const { issuer, accept } = testApi()
    expect((await accept(issuer.accessToken({ authorization_details: [] }))).authorizationDetails).toEqual([])
    expect((await accept(issuer.accessToken())).authorizationDetails).toBeUndefined()
  })

  test.each(malformed)('RA03: that are %s refuse a JWT', async (_what, value) => {
    const { issuer, refuse } = testApi()
    const error = await refuse(issuer.accessToken({ authorization_details: value }))
    expect([error.code, reasonOf(error)]).toEqual(['invalid_token', 'token_claim_invalid'])
    expect(error.details).toMatchObject({ subject: 'authorization_details', seen: 'another value' })
  })

  test('come from the introspection response of an opaque token', async () => {
    const api = introspectingApi()
    api.answer = active(api.issuer, { authorization_details: [payment] })
    expect((await api.accept('opaque')).authorizationDetails).toEqual([payment])
  })

  test.each(malformed)('RA03: that are %s refuse an opaque token', async (_what, value) => {
    const api = introspectingApi()
    api.answer = active(api.issuer, { authorization_details: value })
    expect(reasonOf(await api.refuse('opaque'))).toBe('token_claim_invalid')
  })
})
