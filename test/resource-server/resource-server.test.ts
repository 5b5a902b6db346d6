import { describe, expect, test } from '@jest/globals'
import { TokenValidator } from '../../lib/resource-server/validation/token-validator.js'
import { createDpopNonces } from '../../lib/resource-server/proof-of-possession/dpop-nonce.js'
import { ProviderError } from '../../lib/errors.js'
import { reasonOf, refusalOf, testApi } from '../kit/resource-server/api.js'
import { introspectingApi } from '../kit/resource-server/introspecting.js'
import { apiUrl, proofClient } from '../kit/resource-server/proof.js'
import { apiProvider } from '../kit/provider/provider.js'
import { Clock } from '../kit/clock.js'

describe('a token that was seen before', () => {
  const seen = async (overrides: (now: number) => Record<string, unknown>) => {
    const api = testApi()
    const token = api.issuer.accessToken(overrides(api.issuer.clock.seconds))
    for (let i = 0; i < 3; i++) await api.accept(token)
    return { ...api, token }
  }

  test('BR16: is refused once its exp has passed, while it is still cached', async () => {
    const { issuer, refuse, token } = await seen((now) => ({ exp: now + 10 }))
    issuer.clock.seconds += 41
    expect(reasonOf(await refuse(token))).toBe('token_expired')
  })

  test('BR16: is refused before its nbf, when the clock is set back', async () => {
    const { issuer, refuse, token } = await seen((now) => ({ nbf: now }))
    issuer.clock.seconds -= 40
    expect(reasonOf(await refuse(token))).toBe('token_not_yet_valid')
  })
})

describe('an issuer whose metadata is incomplete', () => {
  test('without jwks_uri is an outage', async () => {
    const { issuer, refuse, validator } = testApi()
    issuer.metadata = { issuer: issuer.issuer }
    expect(await refuse(issuer.accessToken())).toMatchObject({ status: 503, code: 'provider_metadata_invalid' })
    expect(validator.health()).toMatchObject([{ keys: 'unknown', lastFailure: 'provider_metadata_invalid' }])
  })

  test('without introspection_endpoint is an outage', async () => {
    const api = introspectingApi()
    api.issuer.metadata = { issuer: api.issuer.issuer }
    expect(await api.refuse('opaque-1')).toMatchObject({ status: 503, code: 'provider_metadata_invalid' })
  })
})

describe('ready() of an API with opaque tokens', () => {
  const api = (introspection: Record<string, unknown> = {}, options: Record<string, unknown> = {}) => {
    const introspecting = introspectingApi(introspection, options)
    const { issuer } = introspecting
    issuer.metadata = { issuer: issuer.issuer, introspection_endpoint: `${issuer.issuer}/introspect` }
    return introspecting
  }

  test('needs no keys, which nothing is verified with', async () => {
    const { validator, issuer } = api()
    await validator.ready()
    expect(issuer.requests).toEqual([`${issuer.issuer}/.well-known/openid-configuration`])
    expect(validator.health()).toEqual([expect.objectContaining({ metadata: 'fresh', keys: 'unknown' })])
    expect(validator.health()[0]).not.toHaveProperty('lastFailure')
  })

  test('makes no request where the metadata are in the options', async () => {
    const metadata = { introspection_endpoint: 'https://issuer.example.com/introspect' }
    const { validator, issuer } = api({}, { discoveryUrl: false, metadata })
    await validator.ready()
    expect(issuer.requests).toEqual([])
  })

  test.each([
    ['responses are signed', { signedResponseAlg: 'ES256' }, {}],
    ['JWTs are validated too', {}, { tokenFormat: 'auto' }],
  ])('needs them where %s', async (_what, introspection, options) => {
    const { validator, issuer } = api(introspection, options)
    await expect(validator.ready()).rejects.toMatchObject({ code: 'provider_metadata_invalid' })
    issuer.metadata = { ...issuer.metadata, jwks_uri: `${issuer.issuer}/jwks` }
    issuer.clock.seconds += 5
    await validator.ready()
    expect(validator.health()).toMatchObject([{ metadata: 'fresh', keys: 'fresh' }])
  })

  test.each([{}, { tokenFormat: 'auto' }])('rejects without an introspection endpoint: %j', async (options) => {
    const { validator, issuer } = api({}, options)
    issuer.metadata = { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks` }
    await expect(validator.ready()).rejects.toMatchObject({ code: 'provider_metadata_invalid' })
  })
})

describe('the issuer that is asked about opaque tokens beside a resolver', () => {
  const api = (introspection: Record<string, unknown> = {}) => {
    const issuer = apiProvider()
    const client = { issuer: issuer.issuer, ...introspection }
    return introspectingApi(client, { issuer: () => undefined, tokenFormat: 'auto' }, issuer)
  }

  test('is one of those in ready() and health()', async () => {
    const { validator, issuer } = api()
    await validator.ready()
    expect(validator.health()).toMatchObject([{ issuer: issuer.issuer, metadata: 'fresh', keys: 'unknown' }])
    const signed = api({ signedResponseAlg: 'ES256' })
    await signed.validator.ready()
    expect(signed.validator.health()).toMatchObject([{ keys: 'fresh' }])
  })

  test('RE03: is asked nothing more after close()', async () => {
    const { validator, issuer, accept, refuse } = api()
    await accept('opaque-1')
    validator.close()
    const { length } = issuer.requests
    expect((await refuse('opaque-2')).status).toBe(503)
    expect(issuer.requests).toHaveLength(length)
  })
})

describe('introspection', () => {
  test('asks the named one of several issuers, also one that only a resolver knows', async () => {
    const issuer = apiProvider()
    const several = introspectingApi(
      { issuer: issuer.issuer },
      { issuer: ['https://other.example.com', issuer.issuer], tokenFormat: 'auto' },
      issuer,
    )
    await expect(several.accept('opaque-1')).resolves.toMatchObject({ issuer: issuer.issuer })
    const resolved = introspectingApi(
      { issuer: issuer.issuer },
      { issuer: () => undefined, tokenFormat: 'auto' },
      issuer,
    )
    await expect(resolved.accept('opaque-1')).resolves.toMatchObject({ issuer: issuer.issuer })
    expect((await resolved.refuse(issuer.accessToken())).status).toBe(401)
  })

  test('uses the authentication method from the list for this endpoint, where there is one', async () => {
    const api = introspectingApi()
    api.issuer.metadata = {
      ...api.issuer.metadata,
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
      introspection_endpoint_auth_methods_supported: ['client_secret_post'],
    }
    await api.accept('opaque-1')
    expect(api.questions[0]?.form.get('client_secret')).toBe('api secret')
  })

  test('creates its client anew when the metadata change', async () => {
    const api = introspectingApi({ cacheSeconds: 0 })
    await api.accept('opaque-1')
    api.issuer.metadata = { ...api.issuer.metadata, note: 'renewed' }
    api.issuer.clock.seconds += 7200
    api.answer = { ...api.answer, exp: api.issuer.clock.seconds + 60 }
    await api.accept('opaque-1')
    await new Promise((resolve) => setImmediate(resolve))
    await api.accept('opaque-1')
    expect(api.questions).toHaveLength(3)
  })
})

test('a validator that accepts neither JWTs nor opaque tokens accepts no token', async () => {
  const { issuer } = testApi()
  const parts = { schemes: ['bearer'], possession: () => undefined, clockToleranceSeconds: 0, runtime: issuer.clock }
  const challenges = { fromError: (error: unknown) => error }
  const validator = new TokenValidator({ ...parts, challenges } as never)
  expect(() => validator.validate('Bearer x', {} as never)).toThrow(
    expect.objectContaining({ code: 'token_malformed' }),
  )
})

test('DPoP nonces need a secret', () => {
  expect(() => createDpopNonces([], 300, new Clock())).toThrow(RangeError)
})

test('DP15: a replay cache of the application may report its own outage', async () => {
  const add = () => {
    throw new ProviderError('provider_timeout', 'too slow', { headers: { 'Retry-After': '9' } })
  }
  const { issuer, validator } = testApi({ dpop: { mode: 'allowed', replayCache: { add } } })
  const client = proofClient(issuer)
  const token = client.token()
  const error = await refusalOf(validator.validate(`DPoP ${token}`, { url: apiUrl, dpop: client.proof(token) }))
  expect(error).toMatchObject({ status: 503, code: 'provider_timeout', headers: { 'Retry-After': '9' } })
})

test('HS256: a shared secret is a key without any fetch', async () => {
  const secret = 'a-secret-of-more-than-thirty-two-bytes!'
  const { validator } = testApi({ secret, algorithms: ['HS256'] })
  await validator.ready()
  expect(validator.health()).toMatchObject([{ keys: 'fresh' }])
  validator.close()
})
