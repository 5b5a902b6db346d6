import { describe, expect, test } from '@jest/globals'
import { parseBearerOptions } from '../../lib/options/bearer/schema.js'
import { createResourceServer } from '../../lib/resource-server/resource-server.js'
import { failureOf } from '../kit/failure.js'
import { publicJwk, signJws, signingKey } from '../kit/provider/keys.js'
import { apiProvider, audience } from '../kit/provider/provider.js'
import { absent, reasonOf, refusalOf, testApi } from '../kit/resource-server/api.js'
import { active, introspectingApi } from '../kit/resource-server/introspecting.js'

const noFetch = () => Promise.reject(new TypeError('this is not to be reached'))

describe('a resource server', () => {
  const serverOf = (options: Record<string, unknown> = {}, issuer = apiProvider()) => {
    const given = { issuer: issuer.issuer, audience, fetch: issuer.fetch, ...options }
    return createResourceServer(parseBearerOptions(given), issuer.clock)
  }

  test('verifies API keys where there are any', async () => {
    expect('apiKeys' in serverOf()).toBe(false)
    const { apiKeys } = serverOf({
      apiKey: { header: 'x-api-key', verify: (key: string) => ({ subject: `of ${key}` }) },
    })
    expect(await apiKeys?.('key-1', undefined)).toMatchObject({ subject: 'of key-1', scheme: 'api-key' })
    expect(await failureOf(apiKeys?.('', undefined) ?? Promise.resolve())).toMatchObject({ code: 'invalid_api_key' })
  })

  test('challenges as its options say', async () => {
    const resourceMetadata = 'https://api.example.com/.well-known/oauth-protected-resource'
    const options = { realm: 'orders', challengeScope: 'a b', resourceMetadata }
    for (const [dpop, challenge] of [
      [undefined, 'Bearer R, scope="a b", M'],
      ['off', 'Bearer R, scope="a b", M'],
      [{ mode: 'allowed', algorithms: ['ES256', 'EdDSA'] }, 'Bearer R, scope="a b", M, DPoP R, M, algs="ES256 EdDSA"'],
      [{ mode: 'required', algorithms: ['ES256'] }, 'DPoP R, scope="a b", M, algs="ES256"'],
    ] as const) {
      const written = challenge
        .replaceAll('R', 'realm="orders"')
        .replaceAll('M', `resource_metadata="${resourceMetadata}"`)
      const { validator, challenges } = serverOf({ ...options, ...(dpop === undefined ? {} : { dpop }) })
      expect(challenges.missing().headers['WWW-Authenticate']).toBe(written)
      const missing = await failureOf(() => validator.validate(undefined, {} as never))
      expect(missing.headers['WWW-Authenticate']).toBe(written)
    }
  })

  test('gets ready for all its issuers, tells the state of each, and is closed for all', async () => {
    const a = apiProvider({ issuer: 'https://a.example.com' })
    const b = apiProvider({ issuer: 'https://b.example.com', clock: a.clock })
    const fetch = (input: string) => (input.startsWith(a.issuer) ? a.fetch(input) : b.fetch(input))
    const server = serverOf({ issuer: [a.issuer, b.issuer], fetch }, a)
    expect(server.health()).toEqual([
      { issuer: a.issuer, metadata: 'unknown', keys: 'unknown' },
      { issuer: b.issuer, metadata: 'unknown', keys: 'unknown' },
    ])
    await expect(server.ready()).resolves.toBeUndefined()
    expect([a.requests.length, b.requests.length]).toEqual([2, 2])
    expect(server.health()).toMatchObject([{ keys: 'fresh' }, { keys: 'fresh' }])
    server.close()
    const closed = serverOf({ issuer: [a.issuer, b.issuer], fetch }, a)
    closed.close()
    for (const each of [a, b]) {
      const refused = Promise.resolve(
        closed.validator.validate(`Bearer ${each.accessToken()}`, { maxHeaderLength: 9999 } as never),
      )
      expect(await failureOf(refused)).toMatchObject({ status: 503 })
    }
    expect([a.requests.length, b.requests.length]).toEqual([2, 2])
  })
})

describe('the providers of a resource server', () => {
  test('are reached by their own functions, and their principals have their names', async () => {
    const [own, common] = [
      apiProvider({ issuer: 'https://own.example.com' }),
      apiProvider({ issuer: 'https://common.example.com' }),
    ]
    const providers = { one: { issuer: own.issuer, fetch: own.fetch }, two: { issuer: common.issuer } }
    const { accept } = testApi({ issuer: absent, providers }, common)
    await expect(accept(own.accessToken())).resolves.toMatchObject({ provider: 'one', issuer: own.issuer })
    await expect(accept(common.accessToken())).resolves.toMatchObject({ provider: 'two', issuer: common.issuer })
    expect([own.requests.length, common.requests.length]).toEqual([2, 2])
    expect((await testApi({}, common).accept(common.accessToken())).provider).toBeUndefined()
  })

  test('are asked about opaque tokens by their own functions', async () => {
    const issuer = apiProvider()
    const providers = { one: { issuer: issuer.issuer, fetch: issuer.fetch } }
    const api = introspectingApi({}, { issuer: absent, providers, fetch: noFetch }, issuer)
    await expect(api.accept('opaque-1')).resolves.toMatchObject({ subject: 'alice', provider: 'one' })
    expect(api.questions).toHaveLength(1)
  })
})

describe('the issuer that is asked about opaque tokens', () => {
  test('is the one of several that is named, with its own rules', async () => {
    const issuer = apiProvider()
    const other = 'https://other.example.com'
    const map = { [other]: { audience: 'other' }, [issuer.issuer]: { audience: 'named', subject: { claim: 'uid' } } }
    const options = { issuer: map, audience: absent, tokenFormat: 'opaque' }
    const api = introspectingApi({ issuer: issuer.issuer }, options, issuer)
    api.answer = active(issuer, { aud: 'named', uid: 'u' })
    await expect(api.accept('opaque-1')).resolves.toMatchObject({ subject: 'u', issuer: issuer.issuer })
    api.answer = active(issuer, { aud: 'other', uid: 'u' })
    expect(reasonOf(await api.refuse('opaque-2'))).toBe('token_audience_mismatch')
  })

  test('has the audience and the keys of the options beside a resolver', async () => {
    const issuer = apiProvider()
    const [key] = issuer.keys
    if (key === undefined) throw new Error('no key')
    const options = { issuer: () => undefined, tokenFormat: 'auto', jwks: { keys: [publicJwk(key)] } }
    const introspection = { issuer: issuer.issuer, signedResponseAlg: 'ES256' }
    const api = introspectingApi(introspection, options, issuer)
    const answering = (members: Record<string, unknown>, signer = key) => {
      api.answer = () => {
        const token_introspection = active(issuer, members)
        const claims = { iss: issuer.issuer, aud: 'api', iat: issuer.clock.seconds, token_introspection }
        const text = signJws({ alg: 'ES256', typ: 'token-introspection+jwt', kid: key.kid }, claims, signer)
        return new Response(text, { headers: { 'content-type': 'application/token-introspection+jwt' } })
      }
    }
    answering({})
    await expect(api.accept('opaque-1')).resolves.toMatchObject({ subject: 'alice' })
    answering({ aud: 'x' })
    expect(reasonOf(await api.refuse('opaque-2'))).toBe('token_audience_mismatch')
    answering({}, signingKey())
    expect((await api.refuse('opaque-3')).status).toBe(503)
    expect(issuer.count('/jwks')).toBe(0)
  })

  test('is asked at its endpoint for certificates by a client that presents one', async () => {
    const issuer = apiProvider()
    const mtls = 'https://mtls.example.com/introspect'
    issuer.metadata = { ...issuer.metadata, mtls_endpoint_aliases: { introspection_endpoint: mtls } }
    const asked: string[] = []
    const clientAuthentication = 'tls_client_auth'
    const api = introspectingApi({ clientAuthentication, clientSecret: undefined }, {}, issuer)
    issuer.intercept = (url) => {
      if (!url.endsWith('/introspect')) return undefined
      asked.push(url)
      return Response.json(active(issuer))
    }
    await api.accept('opaque-1')
    expect(asked).toEqual([mtls])
  })

  test('is named with the option where its certificate cannot be had', async () => {
    const tls = () => Promise.reject(new Error('hunter2'))
    const introspection = { clientId: 'api', clientAuthentication: 'tls_client_auth', tls }
    const { refuse } = testApi({ issuer: 'https://localhost:1', fetch: absent, introspection })
    const error = await refuse('opaque-1')
    expect(error).toMatchObject({ status: 503, message: expect.stringContaining('"introspection.tls"') })
  })
})

describe('the tolerance for clocks and the reading of claims', () => {
  test('are those of the options for JWTs and opaque tokens', async () => {
    const options = {
      clockToleranceSeconds: 7,
      scopes: ({ groups }: Record<string, unknown>) => groups,
      isMachine: ({ robot }: Record<string, unknown>) => robot,
    }
    const claims = { groups: ['x'], robot: true }
    const known = { scopes: ['x'], isMachine: true }
    const { issuer, accept, refuse } = testApi(options)
    const api = introspectingApi({}, options)
    const at = (seconds: number) => ({ ...claims, exp: issuer.clock.seconds + seconds })
    await expect(accept(issuer.accessToken(at(-6)))).resolves.toMatchObject(known)
    expect(reasonOf(await refuse(issuer.accessToken(at(-7))))).toBe('token_expired')
    api.answer = active(api.issuer, at(-6))
    await expect(api.accept('opaque-1')).resolves.toMatchObject(known)
    api.answer = active(api.issuer, at(-7))
    expect(reasonOf(await api.refuse('opaque-2'))).toBe('token_expired')
  })

  test('have defaults', async () => {
    const { issuer, accept } = testApi()
    const principal = await accept(issuer.accessToken({ exp: issuer.clock.seconds - 29, scope: 'a b' }))
    expect(principal).toMatchObject({ scopes: ['a', 'b'] })
    expect(principal.isMachine).toBeUndefined()
    expect(reasonOf(await refusalOf(accept(issuer.accessToken({ exp: issuer.clock.seconds - 30 }))))).toBe(
      'token_expired',
    )
  })
})
