import { describe, expect, test } from '@jest/globals'
import { signingKey } from '../../kit/provider/keys.js'
import { apiProvider } from '../../kit/provider/provider.js'
import { reasonOf } from '../../kit/resource-server/api.js'
import { active, introspectingApi } from '../../kit/resource-server/introspecting.js'

const auto = { tokenFormat: 'auto', profile: 'jwt' }
/** What Keycloak writes into a lightweight access token. */
const light = {
  sub: undefined,
  aud: undefined,
  client_id: undefined,
  scope: undefined,
  typ: 'Bearer',
  azp: 'web',
  sid: 's',
}

describe('a JWT that lacks what an access token needs', () => {
  test('is introspected where that is allowed, before and after its keys are known', async () => {
    const api = introspectingApi({}, auto)
    for (let i = 0; i < 3; i++) {
      const principal = await api.accept(api.issuer.accessToken({ ...light, jti: `j${i}` }, { typ: 'JWT' }))
      expect(principal).toMatchObject({ subject: 'alice', scopes: ['orders:read'] })
    }
    expect(api.questions).toHaveLength(3)
  })

  test('is introspected once in a while, and refused once it is revoked', async () => {
    const api = introspectingApi({ cacheSeconds: 30 }, auto)
    const token = api.issuer.accessToken(light, { typ: 'JWT' })
    for (let i = 0; i < 4; i++) await api.accept(token)
    expect(api.questions).toHaveLength(1)
    api.answer = { active: false }
    api.issuer.clock.seconds += 31
    expect(reasonOf(await api.refuse(token))).toBe('token_inactive')
  })

  test.each([
    ['for another audience', { aud: 'x' }, {}],
    ['that is past', { exp: 5 }, {}],
    ['of another type', { typ: 'Refresh' }, {}],
    ['that is an ID Token', { at_hash: 'x' }, {}],
    ['that is a logout token', { events: {} }, {}],
    ['of another type by its header', {}, { typ: 'logout+jwt' }],
    ['with another subject than a text', { sub: 5, aud: 'https://api.example.com' }, {}],
  ])('is not introspected: %s', async (_what, claims, header) => {
    const api = introspectingApi({}, auto)
    await api.refuse(api.issuer.accessToken({ ...light, ...claims }, { typ: 'JWT', ...header }))
    expect(api.questions).toEqual([])
  })

  test.each([
    ['for another audience', { aud: 'x' }, {}],
    ['of another client', { azp: 'x' }, { clients: ['web'] }],
    ['with a cnf that is not supported', { cnf: { kid: 'x' } }, {}],
  ])('is not introspected, whatever else it lacks, %s', async (_what, claims, options) => {
    for (const absent of ['iat', 'jti', 'client_id', 'sub']) {
      const api = introspectingApi({ audience: null }, { tokenFormat: 'auto', ...options })
      for (let i = 0; i < 2; i++) await api.refuse(api.issuer.accessToken({ ...claims, [absent]: undefined }))
      expect(api.questions).toEqual([])
    }
  })

  test('stays bound to its key, whatever the response says', async () => {
    const api = introspectingApi({}, auto)
    const jkt = 'k'.repeat(43)
    const bound = [{ cnf: { jkt } }, { cnf: { 'x5t#S256': jkt } }, { typ: 'DPoP' }]
    for (const claims of bound) {
      const error = await api.refuse(api.issuer.accessToken({ ...light, ...claims }, { typ: 'JWT' }))
      expect(reasonOf(error)).toBe('token_binding_failed')
    }
    expect(api.questions).toHaveLength(3)
    api.answer = active(api.issuer, { cnf: { jkt: 'o'.repeat(43) } })
    const other = await api.refuse(api.issuer.accessToken({ ...light, cnf: { jkt } }, { typ: 'JWT' }))
    expect(String(other.cause)).toContain('another by the introspection response')
  })

  test('is not introspected where another key signed it, or where it is of another issuer', async () => {
    const api = introspectingApi({}, auto)
    const stranger = signingKey('ES256', { kid: api.issuer.keys[0]?.kid ?? '' })
    expect(reasonOf(await api.refuse(api.issuer.accessToken(light, { typ: 'JWT' }, stranger)))).toBe(
      'token_signature_invalid',
    )
    const a = apiProvider()
    const b = apiProvider({ issuer: 'https://b.example.com' })
    const issuer = [a.issuer, b.issuer]
    const two = introspectingApi({ issuer: a.issuer }, { ...auto, issuer, jwks: await jwksOf(b) }, a)
    expect(reasonOf(await two.refuse(b.accessToken(light, { typ: 'JWT' })))).toBe('token_audience_mismatch')
    expect(two.questions).toEqual([])
  })

  test('is refused with the format "jwt", and complete JWTs are not introspected', async () => {
    const api = introspectingApi({}, auto)
    await api.accept(api.issuer.accessToken())
    expect(api.questions).toEqual([])
  })

  test('gets its claims from the response', async () => {
    const api = introspectingApi({}, auto)
    api.answer = active(api.issuer, { aud: 'another' })
    expect(reasonOf(await api.refuse(api.issuer.accessToken(light, { typ: 'JWT' })))).toBe('token_audience_mismatch')
  })
})

describe('introspection.audience', () => {
  test('is required of introspected tokens, and not of JWTs', async () => {
    const api = introspectingApi({ audience: 'orders-client' }, auto)
    api.answer = active(api.issuer, { aud: 'orders-client' })
    await api.accept('opaque-token')
    await api.accept(api.issuer.accessToken())
    expect(reasonOf(await api.refuse(api.issuer.accessToken({ aud: 'orders-client' })))).toBe('token_audience_mismatch')
    api.answer = active(api.issuer)
    expect(reasonOf(await api.refuse('another-opaque-token'))).toBe('token_audience_mismatch')
  })

  test('may be null, where responses name no audience', async () => {
    const api = introspectingApi({ audience: null }, auto)
    api.answer = active(api.issuer, { aud: undefined })
    await api.accept('opaque-token')
    await api.refuse(api.issuer.accessToken({ aud: 'another' }))
  })
})

async function jwksOf(provider: ReturnType<typeof apiProvider>): Promise<unknown> {
  return (await provider.fetch(`${provider.issuer}/jwks`)).json()
}
