import { describe, expect, test } from '@jest/globals'
import { createMetadata, endpointOf, loginNeeds, missingEndpoint } from '../../lib/provider/metadata.js'
import { createHttpClient } from '../../lib/provider/transport/http-client.js'
import type { ProviderSettings } from '../../lib/provider/types.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { FakeProvider } from '../kit/provider/provider.js'
import { settled } from '../kit/until.js'

const oidcPath = '/.well-known/openid-configuration'
const oauthPath = '/.well-known/oauth-authorization-server'

const metadataOf = (op: FakeProvider, changes: Partial<ProviderSettings> = {}, needs = loginNeeds) => {
  const settings = { ...op.settings, ...changes }
  return createMetadata(settings, createHttpClient(settings), needs)
}

describe('the location of metadata', () => {
  test.each([
    ['https://op.example', 'https://op.example/.well-known/openid-configuration'],
    ['https://op.example/', 'https://op.example/.well-known/openid-configuration'],
    ['https://op.example/realms/a', 'https://op.example/realms/a/.well-known/openid-configuration'],
    ['https://op.example/realms/a/', 'https://op.example/realms/a/.well-known/openid-configuration'],
  ])('by OpenID Connect Discovery of %p is %p', async (issuer, url) => {
    const op = new FakeProvider({ issuer: issuer })
    const path = new URL(url).pathname
    op.answers[path] = () => json(op.metadata)
    await expect(metadataOf(op).get()).resolves.toMatchObject({ issuer })
    expect(op.seen.map((request) => request.url.href)).toEqual([url])
  })

  test('by RFC 8414 has its path before the issuer, and is tried when the first answers 404', async () => {
    const op = new FakeProvider({ issuer: 'https://op.example/tenant' })
    delete op.answers[`/tenant${oidcPath}`]
    op.answers[`${oauthPath}/tenant`] = () => json(op.metadata)
    await expect(metadataOf(op).get()).resolves.toMatchObject({ issuer: 'https://op.example/tenant' })
    expect(op.seen.map(({ url }) => url.pathname)).toEqual([`/tenant${oidcPath}`, `${oauthPath}/tenant`])
  })

  test('is reported as unknown where an issuer has neither', async () => {
    const op = new FakeProvider()
    delete op.answers[oidcPath]
    const error = await failureOf(metadataOf(op).get())
    expect(error).toMatchObject({ code: 'provider_response_invalid', status: 502 })
    expect(error.message).toContain('check the issuer')
  })

  test('is not decided by an outage, which differs from a missing document', async () => {
    const op = new FakeProvider()
    op.answers[oidcPath] = new Response('', { status: 503 })
    expect(await failureOf(metadataOf(op).get())).toMatchObject({ code: 'provider_unavailable', status: 503 })
    expect(op.seen).toHaveLength(1)
  })

  test.each([
    'http://op.example',
    'https://op.example?x=1',
    'https://op.example#x',
    'op.example',
    'https://u:p@op.example',
  ])('DI02: is refused at construction for the issuer %p', async (issuer) => {
    const op = new FakeProvider()
    expect(await failureOf(() => metadataOf(op, { issuer }))).toMatchObject({ code: 'invalid_options' })
  })

  test('is not asked before the first use, and one fetch serves all that wait', async () => {
    const op = new FakeProvider()
    const metadata = metadataOf(op)
    expect(op.seen).toHaveLength(0)
    await Promise.all([metadata.get(), metadata.get(), metadata.get()])
    await metadata.get()
    expect(op.seen).toHaveLength(1)
  })
})

describe('the content of metadata', () => {
  const refusedWith = async (changes: Record<string, unknown>, needs = loginNeeds) => {
    const op = new FakeProvider()
    Object.assign(op.metadata, changes)
    return failureOf(metadataOf(op, {}, needs).get())
  }

  test.each([
    'https://issuer.example/',
    'https://ISSUER.example',
    'https://issuer.example:443',
    'http://issuer.example',
    ['https://issuer.example'],
    undefined,
    null,
  ])('DI01: is refused with the issuer %p', async (issuer) => {
    expect(await refusedWith({ issuer })).toMatchObject({ code: 'provider_issuer_mismatch', status: 502 })
  })

  test.each(['authorization_endpoint', 'token_endpoint', 'jwks_uri'])('is refused without %p', async (name) => {
    for (const value of [undefined, null, '']) {
      const error = await refusedWith({ [name]: value })
      expect(error).toMatchObject({ code: 'provider_metadata_invalid', status: 502 })
      expect(error.message).toContain(name)
    }
  })

  test.each([
    ['token_endpoint', 'http://issuer.example/token'],
    ['jwks_uri', 'http://169.254.169.254/keys'],
    ['authorization_endpoint', 'javascript:alert(1)'],
  ])('DI02, DI03: is refused with the %s %p', async (name, value) => {
    const error = await refusedWith({ [name]: value })
    expect(error).toMatchObject({ code: 'provider_metadata_invalid', status: 502 })
    expect(error.message).toContain(`${name} is not an absolute https URL`)
  })

  test.each([
    ['userinfo_endpoint', '/userinfo'],
    ['userinfo_endpoint', 5],
    ['end_session_endpoint', 'https://issuer.example/x#y'],
    ['revocation_endpoint', 'https://user:pw@issuer.example/'],
    ['introspection_endpoint', ['https://issuer.example/']],
    ['pushed_authorization_request_endpoint', 'http://issuer.example/par'],
  ] as const)('may have the %s %j, which counts as missing and affects nothing else', async (name, value) => {
    const op = new FakeProvider()
    op.metadata[name] = value
    const metadata = metadataOf(op)
    const known = await metadata.get()
    expect(known).toMatchObject({ token_endpoint: 'https://issuer.example/token' })
    expect(known).not.toHaveProperty(name)
    expect(missingEndpoint(known, name).message).toContain(`${name} is not an absolute https URL`)
    expect(await failureOf(endpointOf(metadata, name))).toMatchObject({ code: 'provider_metadata_invalid' })
  })

  test.each([[['plain']], [[]], ['S256'], [{ 0: 'S256' }]])(
    'CB12: is refused with the PKCE methods %j',
    async (methods) => {
      expect(await refusedWith({ code_challenge_methods_supported: methods })).toMatchObject({
        code: 'provider_metadata_invalid',
      })
    },
  )

  test('CB12: is accepted where it does not mention PKCE', async () => {
    const op = new FakeProvider()
    delete op.metadata['code_challenge_methods_supported']
    await expect(metadataOf(op).get()).resolves.toBeDefined()
  })

  test('is asked for again soon where it lacks a required endpoint, and then after waits that grow', async () => {
    const op = new FakeProvider()
    const metadata = metadataOf(op)
    const { userinfo_endpoint: url } = op.metadata
    delete op.metadata['userinfo_endpoint']
    const asked = async (seconds: number) => {
      op.clock.advance(seconds)
      const { length } = op.seen
      const error = await failureOf(endpointOf(metadata, 'userinfo_endpoint'))
      expect(error.message).toContain('userinfo_endpoint is missing')
      return op.seen.length - length
    }
    const waits = [0, 0.5, 0.5, 1, 1, 2, 2, 4, 4]
    const counts: number[] = []
    for (const wait of waits) counts.push(await asked(wait))
    expect(counts).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1])
    op.metadata['userinfo_endpoint'] = url
    op.clock.advance(16)
    await expect(endpointOf(metadata, 'userinfo_endpoint')).resolves.toBe(url)
  })

  test('serves other callers where it lacks an endpoint and cannot be fetched again', async () => {
    const op = new FakeProvider()
    const metadata = metadataOf(op)
    delete op.metadata['userinfo_endpoint']
    const known = await metadata.get()
    op.answers[oidcPath] = new Response('', { status: 503 })
    op.clock.advance(60)
    expect(await failureOf(endpointOf(metadata, 'userinfo_endpoint'))).toMatchObject({
      code: 'provider_metadata_invalid',
    })
    expect(await metadata.get()).toBe(known)
  })

  test.each([
    ['an array', '[]'],
    ['null', 'null'],
    ['HTML', '<html>'],
    ['nothing', ''],
    ['a prototype member', '{"__proto__":{"issuer":"https://issuer.example"},"issuer":"https://issuer.example"}'],
    [
      'a document nested beyond reason',
      `{"issuer":"https://issuer.example","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    ],
  ])('is refused where it is %s', async (_what, body) => {
    const op = new FakeProvider()
    op.answers[oidcPath] = () => json(body)
    expect(await failureOf(metadataOf(op).get())).toMatchObject({ status: 502 })
  })

  test('is refused with another status', async () => {
    const op = new FakeProvider()
    op.answers[oidcPath] = () => json(op.metadata, 403)
    expect(await failureOf(metadataOf(op).get())).toMatchObject({ code: 'provider_response_invalid', status: 502 })
  })

  test('is refused beyond 1 MiB', async () => {
    const op = new FakeProvider()
    op.answers[oidcPath] = () => json({ ...op.metadata, x: 'x'.repeat(1024 * 1024) })
    expect(await failureOf(metadataOf(op).get())).toMatchObject({ code: 'provider_response_too_large' })
  })

  test('cannot be changed by anybody who shares it', async () => {
    const metadata = await metadataOf(new FakeProvider()).get()
    expect(Object.isFrozen(metadata)).toBe(true)
    expect(Object.isFrozen(metadata['code_challenge_methods_supported'])).toBe(true)
  })
})

describe('an outage and the age of metadata', () => {
  test('DI04: reports the first failure at once while backing off, and recovers without a restart', async () => {
    const op = new FakeProvider()
    const good = op.answers[oidcPath] ?? json({})
    op.answers[oidcPath] = new Response('', { status: 503 })
    const metadata = metadataOf(op)
    expect(await failureOf(metadata.get())).toMatchObject({ code: 'provider_unavailable' })
    const second = await failureOf(metadata.get())
    expect(second).toMatchObject({ code: 'provider_unavailable', status: 503, headers: { 'Retry-After': '1' } })
    expect(op.seen).toHaveLength(1)
    op.answers[oidcPath] = good
    op.clock.advance(1)
    await expect(metadata.get()).resolves.toBeDefined()
    expect(metadata.freshness()).toMatchObject({ state: 'fresh', ageSeconds: 0 })
    expect(metadata.freshness()).not.toHaveProperty('lastFailure')
  })

  test('DI04: doubles the wait up to a minute, of which half is random', async () => {
    const op = new FakeProvider()
    op.answers[oidcPath] = new Response('', { status: 503 })
    for (const [byte, factor] of [
      [0, 0.5],
      [255, 0.5 + 255 / 512],
    ] as const) {
      const runtime = { now: op.clock.now, randomBytes: () => Buffer.from([byte]) }
      const metadata = metadataOf(op, { runtime })
      for (const longest of [1, 2, 4, 8, 16, 32, 60, 60]) {
        await failureOf(metadata.get())
        const { headers } = await failureOf(metadata.get())
        expect(headers['Retry-After']).toBe(String(Math.ceil(longest * factor)))
        op.clock.advance(longest * factor)
      }
    }
  })

  test('DI04: does not prolong the wait where the clock is set back', async () => {
    const op = new FakeProvider()
    const good = op.answers[oidcPath] ?? json({})
    op.answers[oidcPath] = new Response('', { status: 503 })
    const metadata = metadataOf(op)
    await failureOf(metadata.get())
    op.answers[oidcPath] = good
    op.clock.advance(-86_400)
    await expect(metadata.get()).resolves.toBeDefined()
  })

  test('DI05: renews old metadata in the background, and replaces it as a whole', async () => {
    const op = new FakeProvider()
    const metadata = metadataOf(op)
    const first = await metadata.get()
    op.metadata['token_endpoint'] = 'https://issuer.example/token2'
    op.clock.advance(3599)
    expect(await metadata.get()).toBe(first)
    expect(metadata.freshness().state).toBe('stale')
    await settled()
    expect(await metadata.get()).toMatchObject({ token_endpoint: 'https://issuer.example/token2' })
    expect(op.seen).toHaveLength(2)
  })

  test('DI05: sends nobody to where the provider has moved from after an idle hour', async () => {
    const op = new FakeProvider()
    const metadata = metadataOf(op)
    await metadata.get()
    op.metadata['token_endpoint'] = 'https://issuer.example/token2'
    op.clock.advance(3600)
    expect(await metadata.get()).toMatchObject({ token_endpoint: 'https://issuer.example/token2' })
  })

  test('DI05: lets the last good metadata serve while the provider is down or sends nonsense', async () => {
    const op = new FakeProvider()
    const metadata = metadataOf(op)
    const first = await metadata.get()
    for (const answer of [new Response('', { status: 503 }), json({ issuer: 'https://evil.example' })]) {
      op.answers[oidcPath] = answer
      op.clock.advance(86_400)
      expect(await metadata.get()).toBe(first)
      await settled()
      expect(await metadata.get()).toBe(first)
      expect(metadata.freshness().state).toBe('stale')
    }
    expect(metadata.freshness().lastFailure).toBe('provider_issuer_mismatch')
    expect(op.seen).toHaveLength(3)
  })

  test('keeps the code of a refusal that repeats', async () => {
    const op = new FakeProvider()
    op.metadata['issuer'] = 'https://evil.example'
    const metadata = metadataOf(op)
    await failureOf(metadata.get())
    expect(await failureOf(metadata.get())).toMatchObject({ code: 'provider_issuer_mismatch', status: 502 })
  })

  test('RE03: fetches nothing after close()', async () => {
    const op = new FakeProvider()
    const metadata = metadataOf(op)
    await metadata.get()
    metadata.close()
    op.clock.advance(86_400)
    await expect(metadata.get()).resolves.toBeDefined()
    expect(op.seen).toHaveLength(1)
    const unused = metadataOf(op)
    unused.close()
    expect(await failureOf(unused.get())).toMatchObject({ code: 'provider_unreachable' })
  })
})
