import { describe, expect, test } from '@jest/globals'
import { signingKey } from '../../kit/provider/keys.js'
import { reasonOf } from '../../kit/resource-server/api.js'
import { active, introspectingApi } from '../../kit/resource-server/introspecting.js'

const auto = { tokenFormat: 'auto', profile: 'jwt' }
const plain = { typ: 'JWT' }

describe('a JWT of the issuer that is asked about tokens', () => {
  test.each([
    ['aud', { aud: undefined }],
    ['aud, which is null', { aud: null }],
    ['sub', { sub: undefined }],
    ['sub, which is null', { sub: null }],
    ['sub and aud', { sub: undefined, aud: undefined }],
    ['exp', { exp: undefined }],
    ['iat, with the type of RFC 9068', { iat: undefined }],
  ])('is introspected where it lacks %s, before and after its keys are known', async (what, claims) => {
    const isTyped = what.includes('RFC 9068')
    const api = introspectingApi({}, isTyped ? { tokenFormat: 'auto' } : auto)
    for (let i = 1; i <= 2; i++) {
      const token = api.issuer.accessToken(claims, isTyped ? {} : plain)
      await expect(api.accept(token)).resolves.toMatchObject({ subject: 'alice', token })
      expect(api.questions).toHaveLength(i)
    }
  })

  test.each([
    ['aud is an empty list', { aud: [] }, 'token_audience_mismatch'],
    ['aud is no text', { aud: [5], sub: undefined }, 'token_claim_invalid'],
    ['aud is another', { aud: ['x'], sub: undefined }, 'token_audience_mismatch'],
    ['nbf is no date', { sub: undefined, nbf: 'x' }, 'token_not_yet_valid'],
    ['iat is to come', { sub: undefined, aud: undefined, iat: 1_900_000_000 }, 'token_not_yet_valid'],
    ['exp has passed', { sub: undefined, exp: 1_799_999_000 }, 'token_expired'],
    ['sub is empty', { sub: '' }, 'token_claim_invalid'],
  ])('is not where %s', async (_what, claims, reason) => {
    const api = introspectingApi({}, auto)
    for (let i = 0; i < 2; i++) {
      expect(reasonOf(await api.refuse(api.issuer.accessToken(claims, plain)))).toBe(reason)
      expect(api.questions).toEqual([])
      await api.accept(api.issuer.accessToken())
    }
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['iat and another aud', { iat: undefined, aud: 'x' }, 'token_audience_mismatch'],
    ['jti and an aud that is no text', { jti: undefined, aud: [5] }, 'token_claim_invalid'],
    ['exp and an nbf that is to come', { exp: undefined, nbf: 1_900_000_000 }, 'token_not_yet_valid'],
    ['exp and a client_id that is no text', { exp: undefined, client_id: 5 }, 'token_claim_invalid'],
    ['aud and another client', { aud: undefined, client_id: 'x' }, 'token_claim_invalid'],
    ['aud and another client beside one of them', { aud: null, azp: 'x' }, 'token_claim_invalid'],
  ])('is not where it has no %s, and no keys are fetched for it', async (_what, claims, reason) => {
    const api = introspectingApi({}, { tokenFormat: 'auto', clients: ['web'] })
    expect(reasonOf(await api.refuse(api.issuer.accessToken(claims)))).toBe(reason)
    expect(api.issuer.requests).toEqual([])
    await api.accept(api.issuer.accessToken())
    expect(reasonOf(await api.refuse(api.issuer.accessToken(claims)))).toBe(reason)
    expect(api.questions).toEqual([])
  })

  test('is not where its key is unknown, or its signature is wrong', async () => {
    const api = introspectingApi({}, auto)
    const claims = { sub: undefined, aud: undefined }
    for (const kid of ['unknown', api.issuer.keys[0]?.kid]) {
      await api.refuse(api.issuer.accessToken(claims, { ...plain, kid }, signingKey('ES256')))
    }
    expect(api.questions).toEqual([])
  })

  test('may name no client, or one of those that are accepted', async () => {
    const api = introspectingApi({}, { ...auto, clients: ['web', 'mobile'] })
    const tokenOf = (claims: Record<string, unknown>) =>
      api.issuer.accessToken({ sub: undefined, client_id: undefined, ...claims }, plain)
    await expect(api.accept(tokenOf({}))).resolves.toMatchObject({ clientId: 'web' })
    await expect(api.accept(tokenOf({ client_id: null, azp: '' }))).rejects.toMatchObject({ code: 'invalid_token' })
    await expect(api.accept(tokenOf({ azp: 'mobile' }))).resolves.toMatchObject({ clientId: 'web' })
    const { length } = api.questions
    expect(reasonOf(await api.refuse(tokenOf({ azp: 'x' })))).toBe('token_claim_invalid')
    expect(api.questions).toHaveLength(length)
    api.answer = active(api.issuer, { client_id: 'x' })
    expect(reasonOf(await api.refuse(tokenOf({ cid: 'web' })))).toBe('token_claim_invalid')
    expect(api.questions).toHaveLength(length + 1)
  })

  test('is bound to what it names, and to what the response names', async () => {
    const [own, other] = ['k'.repeat(43), 'o'.repeat(43)]
    const api = introspectingApi({}, { ...auto, mtls: { source: 'socket' } })
    const token = () => api.issuer.accessToken({ sub: undefined, cnf: { 'x5t#S256': own } }, plain)
    await api.accept(token(), { certificateThumbprint: own })
    expect(reasonOf(await api.refuse(token(), { certificateThumbprint: other }))).toBe('token_binding_failed')
    expect(reasonOf(await api.refuse(token()))).toBe('token_binding_failed')
    api.answer = active(api.issuer, { cnf: { 'x5t#S256': other } })
    const unbound = () => api.issuer.accessToken({ sub: undefined }, plain)
    await api.accept(unbound(), { certificateThumbprint: other })
    expect(reasonOf(await api.refuse(unbound()))).toBe('token_binding_failed')
  })

  test('has the description of the token in its refusal', async () => {
    const api = introspectingApi({}, auto)
    api.answer = { active: false }
    const error = await api.refuse(api.issuer.accessToken({ sub: undefined }, plain))
    expect(reasonOf(error)).toBe('token_inactive')
    expect(error.details).toMatchObject({ token: { typ: '"JWT"', iss: `"${api.issuer.issuer}"` } })
  })
})
