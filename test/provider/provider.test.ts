import { describe, expect, test } from '@jest/globals'
import { answerTokens, exchange, exchangeCode, providerOf } from '../kit/provider/code-exchange.js'
import { failureOf } from '../kit/failure.js'
import { mint } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'

describe('an end-session request', () => {
  test('always sends client_id, and the rest where it is known', async () => {
    const op = new FakeProvider()
    const provider = providerOf(op)
    expect(await provider.endSessionUrl({})).toBe('https://issuer.example/logout?client_id=client-1')
    const url = await provider.endSessionUrl({
      idTokenHint: 'a.b.c',
      postLogoutRedirectUri: 'https://app.example/',
      state: 's',
      logoutHint: 'user',
      uiLocales: 'de en',
    })
    const parameters = {
      client_id: 'client-1',
      id_token_hint: 'a.b.c',
      post_logout_redirect_uri: 'https://app.example/',
      state: 's',
      logout_hint: 'user',
      ui_locales: 'de en',
    }
    expect(Object.fromEntries(new URL(url ?? '').searchParams)).toEqual(parameters)
  })

  test('of more than 2,048 characters leaves out the ID Token', async () => {
    const provider = providerOf(new FakeProvider())
    const length = 'https://issuer.example/logout?client_id=client-1&id_token_hint='.length
    const [fits, tooLong] = [2048, 2049].map((whole) => 'x'.repeat(whole - length))
    expect(await provider.endSessionUrl({ idTokenHint: fits ?? '' })).toHaveLength(2048)
    expect(await provider.endSessionUrl({ idTokenHint: tooLong ?? '' })).toBe(
      'https://issuer.example/logout?client_id=client-1',
    )
  })

  test('keeps a query of the endpoint itself', async () => {
    const op = new FakeProvider()
    op.metadata['end_session_endpoint'] = 'https://issuer.example/logout?tenant=a'
    expect(await providerOf(op).endSessionUrl({})).toBe('https://issuer.example/logout?tenant=a&client_id=client-1')
  })

  test('is missing where the provider has no endpoint for it', async () => {
    const op = new FakeProvider()
    delete op.metadata['end_session_endpoint']
    expect(await providerOf(op).endSessionUrl({})).toBeUndefined()
  })
})

describe('the health of the provider', () => {
  test('is known without a request', async () => {
    const op = new FakeProvider()
    const provider = providerOf(op)
    expect(provider.health()).toEqual({
      issuer: op.issuer,
      metadata: 'unknown',
      keys: 'unknown',
      tokenEndpoint: { state: 'unknown' },
    })
    expect(op.seen).toHaveLength(0)
    await provider.ready()
    op.clock.advance(700)
    expect(provider.health()).toMatchObject({
      metadata: 'fresh',
      metadataAgeSeconds: 700,
      keys: 'stale',
      keysAgeSeconds: 700,
    })
    expect(op.seen).toHaveLength(2)
  })

  test('names the last failure', async () => {
    const op = new FakeProvider()
    op.answers['/jwks'] = new Response('', { status: 503 })
    const provider = providerOf(op)
    await failureOf(provider.ready())
    expect(provider.health()).toMatchObject({
      issuer: op.issuer,
      metadata: 'fresh',
      keys: 'unknown',
      lastFailure: 'provider_unavailable',
    })
  })

  test('does not depend on keys where ID Tokens are signed with the client secret', async () => {
    const op = new FakeProvider()
    delete op.metadata['jwks_uri']
    const clientSecret = 'a secret of at least thirty-two bytes'
    const provider = providerOf(op, { clientSecret, idTokenSigningAlg: 'HS256' })
    await provider.ready()
    await answerTokens(op, {}, await mint(op.claims(), Buffer.from(clientSecret), { alg: 'HS256', kid: undefined }))
    await expect(exchangeCode(provider, exchange())).resolves.toBeDefined()
    expect(op.count('/jwks')).toBe(0)
  })

  test('RE03: does not keep close() from ending what is under way', async () => {
    const op = new FakeProvider()
    op.answers['/.well-known/openid-configuration'] = () => new Promise<Response>(() => undefined)
    const provider = providerOf(op)
    const waiting = failureOf(provider.ready())
    await new Promise((resolve) => setImmediate(resolve))
    provider.close()
    expect(await waiting).toMatchObject({ code: 'provider_unreachable' })
    expect(await failureOf(provider.metadata())).toMatchObject({ code: 'provider_unreachable' })
  })
})
