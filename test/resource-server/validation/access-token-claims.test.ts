import { describe, expect, test } from '@jest/globals'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'

const clients = ['web', 'mobile']

describe('the option clients', () => {
  test.each([
    ['client_id', { client_id: 'web' }],
    ['azp', { azp: 'mobile' }],
    ['cid', { cid: 'web' }],
    ['appid', { appid: 'web' }],
    ['two that agree', { client_id: 'web', azp: 'web' }],
    ['one beside null', { client_id: null, azp: 'web' }],
  ])('accepts tokens of clients by %s', async (_what, claims) => {
    const { issuer, accept } = testApi({ audience: null, profile: 'jwt', clients })
    await accept(issuer.accessToken({ aud: undefined, client_id: undefined, ...claims }))
  })

  test.each([
    ['another', { client_id: 'foreign' }, 'token_claim_invalid'],
    ['another beside one of them', { client_id: 'web', azp: 'foreign' }, 'token_claim_invalid'],
    ['part of a name', { client_id: 'we' }, 'token_claim_invalid'],
    ['a list', { azp: ['web'] }, 'token_claim_invalid'],
    ['none', {}, 'token_claim_missing'],
  ])('refuses tokens of %s', async (_what, claims, code) => {
    const { issuer, refuse } = testApi({ audience: null, profile: 'jwt', clients })
    const error = await refuse(issuer.accessToken({ aud: undefined, client_id: undefined, ...claims }))
    expect(reasonOf(error)).toBe(code)
    expect(String(error.cause)).toContain('"clients" is ["web","mobile"]')
  })

  test('belongs to one issuer in a map', async () => {
    const issuer = 'https://issuer.example.com'
    const map = { [issuer]: { audience: null, profile: 'jwt', clients: ['web'] } }
    const { issuer: op, accept, refuse } = testApi({ issuer: map, audience: undefined })
    await accept(op.accessToken({ client_id: 'web' }))
    await refuse(op.accessToken({ client_id: 'mobile' }))
  })

  test('must name at least one client', () => {
    expect(() => testApi({ clients: [] })).toThrow(/"clients" must name at least one client/)
  })
})

describe('the dates of an access token', () => {
  test('may be off by up to five minutes if the options allow it', async () => {
    const { issuer, accept, refuse } = testApi({ clockToleranceSeconds: 300 })
    await accept(issuer.accessToken({ exp: issuer.clock.seconds - 299 }))
    await accept(issuer.accessToken({ iat: issuer.clock.seconds + 300 }))
    expect(reasonOf(await refuse(issuer.accessToken({ exp: issuer.clock.seconds - 300 })))).toBe('token_expired')
    expect(() => testApi({ clockToleranceSeconds: 301 })).toThrow(/clockToleranceSeconds/)
  })
})
