import { afterEach, describe, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { signingKey } from '../../kit/provider/keys.js'
import { codeOf, postedResponse, postResponse, subjectOf, toCallback, tokenCalls } from '../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

const encryption = signingKey('ES256')
const decryptionKeys = [{ ...encryption.privateKey.export({ format: 'jwk' }), kid: 'enc' }]

let world: World
let browser: Browser
afterEach(() => world?.close())

async function start(mode: string, options: WorldOptions = {}): Promise<void> {
  const oidc = { authorizationParams: { response_mode: mode }, dangerouslyAllowHttp: true, ...options.oidc }
  world = await startWorld({ ...options, oidc })
  browser = new Browser()
}

const callbackUrl = (login?: string) => toCallback(world, { browser, ...(login === undefined ? {} : { login }) })

describe.each(hosts)('a signed authorization response on $name', (host) => {
  test.each(['jwt', 'query.jwt'])('by %s signs in, with nothing but the response in the URL, once', async (mode) => {
    await start(mode, { host })
    const url = await callbackUrl()
    expect([...url.searchParams.keys()]).toEqual(['response'])
    expect(decodeJwt(url.searchParams.get('response') ?? '')).toMatchObject({ iss: world.provider.issuer, aud: 'web' })
    const landed = await browser.navigate(url.href)
    expect([landed.status, landed.location]).toEqual([302, world.url('/')])
    expect(await subjectOf(world, browser)).toBe('alice')
    const calls = tokenCalls(world)
    const again = await new Browser().navigate(url.href)
    expect(again.location).not.toBe(world.url('/'))
    expect(tokenCalls(world)).toBe(calls)
  })

  test('by form_post.jwt signs in', async () => {
    await start('form_post.jwt', { host })
    const form = await postedResponse(world, browser)
    expect([...form.keys()]).toEqual(['response'])
    const answer = await postResponse(world, browser, form)
    expect([answer.status, answer.location]).toEqual([303, world.url('/private')])
    expect(await subjectOf(world, browser)).toBe('alice')
  })
})

describe('a signed authorization response', () => {
  test('may be encrypted', async () => {
    await start('jwt', {
      oidc: { decryptionKeys, encryptedResponses: ['authorization'], routes: { jwks: '/jwks.json' } },
      client: (baseUrl) => ({
        authorization_encrypted_response_alg: 'ECDH-ES',
        authorization_encrypted_response_enc: 'A128CBC-HS256',
        jwks_uri: `${baseUrl}/jwks.json`,
      }),
      provider: { overrides: { features: { encryption: { enabled: true } } } },
    })
    const url = await callbackUrl()
    expect((url.searchParams.get('response') ?? '').split('.')).toHaveLength(5)
    await browser.navigate(url.href)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('that says the person refused is a refusal, 403', async () => {
    await start('jwt', { oidc: { loginParams: ['login_hint'] } })
    const url = await callbackUrl('/login?login_hint=nobody')
    const page = await browser.navigate(url.href)
    expect([page.status, codeOf(page)]).toEqual([403, 'access_denied'])
  })

  test('that says a silent login is impossible leads back without an error', async () => {
    await start('jwt', { oidc: { silentLogin: true } })
    const page = await browser.navigate(world.url('/'), { follow: true })
    expect([page.status, page.url]).toEqual([200, world.url('/')])
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('of a silent login that cannot be verified leads back without an error, and asks for no token', async () => {
    await start('jwt', { oidc: { silentLogin: true, authorizationResponseAlg: 'PS256' } })
    const page = await browser.navigate(world.url('/'), { follow: true })
    expect([page.status, page.url]).toEqual([200, world.url('/')])
    expect([await subjectOf(world, browser), tokenCalls(world)]).toEqual([null, 0])
  })

  test('of a login that somebody began is refused if it cannot be verified', async () => {
    await start('jwt', { oidc: { authorizationResponseAlg: 'PS256' } })
    const page = await browser.navigate((await callbackUrl()).href)
    expect([codeOf(page), tokenCalls(world)]).toEqual(['token_algorithm_refused', 0])
  })

  test('CB37: that was altered asks for no token, and the login can still be finished', async () => {
    await start('jwt')
    const url = await callbackUrl()
    const [header, , signature] = (url.searchParams.get('response') ?? '').split('.')
    const claims = { ...decodeJwt(url.searchParams.get('response') ?? ''), code: 'another' }
    const altered = new URL(url)
    altered.searchParams.set(
      'response',
      [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.'),
    )
    const page = await browser.navigate(altered.href)
    expect([codeOf(page), tokenCalls(world)]).toEqual(['token_signature_invalid', 0])
    await browser.navigate(url.href)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('takes nothing from parameters beside it', async () => {
    await start('jwt')
    const url = await callbackUrl()
    url.searchParams.set('code', 'another')
    url.searchParams.set('state', 'another')
    await browser.navigate(url.href)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('is refused if it comes twice', async () => {
    await start('jwt')
    const url = await callbackUrl()
    url.searchParams.append('response', 'x')
    const page = await browser.navigate(url.href)
    expect([page.status, codeOf(page), tokenCalls(world)]).toEqual([400, 'invalid_response', 0])
  })

  test('is required where it was asked for: the same response, unsigned, is refused', async () => {
    await start('jwt')
    const url = await callbackUrl()
    const { code, state, iss } = decodeJwt(url.searchParams.get('response') ?? '')
    const plain = new URLSearchParams({ code: String(code), state: String(state), iss: String(iss) })
    const page = await browser.navigate(world.url(`/callback?${plain.toString()}`))
    expect([page.status, codeOf(page), tokenCalls(world)]).toEqual([400, 'invalid_response', 0])
  })

  test('CB37: is refused where it was not asked for', async () => {
    await start('query')
    const page = await browser.navigate(world.url('/callback?response=a.b.c&state=x'))
    expect(page.location ?? codeOf(page)).not.toBe(world.url('/'))
    expect(tokenCalls(world)).toBe(0)
  })
})
