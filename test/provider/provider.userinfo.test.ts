import { describe, expect, test } from '@jest/globals'
import { createProvider } from '../../lib/provider/provider.js'
import type { ClientSettings } from '../../lib/provider/types.js'
import { providerOf } from '../kit/provider/code-exchange.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { ecKey, mint, otherRsaKey, rsaKey } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'

describe('a userinfo request', () => {
  const userinfo = (op: FakeProvider, client: Partial<ClientSettings> = {}, token = 'access-1') =>
    providerOf(op, client).userinfo(token, 'user-1')
  const jwt = (token: string) => new Response(token, { headers: { 'content-type': 'application/jwt; charset=utf-8' } })

  test('UI04: sends the token in the Authorization header only, and returns frozen claims', async () => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = () => json({ sub: 'user-1', name: 'Ada', address: { country: 'x' } })
    const claims = await userinfo(op)
    expect({ ...claims }).toEqual({ sub: 'user-1', name: 'Ada', address: { country: 'x' } })
    expect([Object.isFrozen(claims), 'toString' in claims]).toEqual([true, false])
    const sent = op.seen.find(({ url }) => url.pathname === '/userinfo')
    expect(sent?.headers.get('authorization')).toBe('Bearer access-1')
    expect([sent?.method, sent?.url.search, sent?.body.toString()]).toEqual(['GET', '', ''])
  })

  test.each([{ sub: 'user-2' }, { sub: ['user-1'] }, { name: 'x' }])(
    'UI01: refuses %j as claims about another person',
    async (claims) => {
      const op = new FakeProvider()
      op.answers['/userinfo'] = () => json(claims)
      expect(await failureOf(userinfo(op))).toMatchObject({ code: 'subject_mismatch' })
    },
  )

  test('UI02: does not follow distributed claims', async () => {
    const op = new FakeProvider()
    const sources = { src: { endpoint: 'http://169.254.169.254/' } }
    op.answers['/userinfo'] = () => json({ sub: 'user-1', _claim_names: { a: 'src' }, _claim_sources: sources })
    await userinfo(op)
    expect(op.seen.map(({ url }) => url.hostname)).toEqual(['issuer.example', 'issuer.example'])
  })

  test.each<[string, Response]>([
    ['a list', json('["user-1"]')],
    ['null', json('null')],
    ['HTML', new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['a JWT without its content type', json('a.b.c')],
    ['__proto__', json('{"sub":"user-1","__proto__":{"admin":true}}')],
    ['a status of 403', json({ sub: 'user-1' }, 403)],
    ['a status of 204', new Response(null, { status: 204 })],
  ])('UI03: does not accept %s as a UserInfo response', async (_what, answer) => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = answer
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'provider_response_invalid', status: 502 })
  })

  test('UI03: reads no more than 256 KiB', async () => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = () => json({ sub: 'user-1', x: 'x'.repeat(256 * 1024) })
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'provider_response_too_large' })
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['a good one', {}, 'accepted'],
    ['several audiences', { aud: ['x', 'client-1'] }, 'accepted'],
    ['another issuer', { iss: 'https://evil.example' }, 'token_issuer_mismatch'],
    ['no issuer (OpenID Connect Core 5.3.2: SHOULD)', { iss: undefined }, 'accepted'],
    ['an issuer that is not text', { iss: 5 }, 'token_issuer_mismatch'],
    ['another audience', { aud: 'client-2' }, 'token_audience_mismatch'],
    ['no audience (likewise)', { aud: undefined }, 'accepted'],
    ['no person', { sub: undefined }, 'subject_mismatch'],
    ['another person', { sub: 'user-2' }, 'subject_mismatch'],
  ])('UI03: with a signed response: %s', async (_what, changes, code) => {
    const op = new FakeProvider()
    const token = await mint(op.claims(changes))
    op.answers['/userinfo'] = () => jwt(token)
    const verdict = await userinfo(op).then(
      () => 'accepted',
      (error) => error.code,
    )
    expect(verdict).toBe(code)
  })

  test('UI03: verifies a signed response with the registered algorithm', async () => {
    const op = new FakeProvider()
    op.jwks(rsaKey.jwk, ecKey.jwk)
    const forged = await mint(op.claims(), otherRsaKey.privateKey)
    op.answers['/userinfo'] = () => jwt(forged)
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'token_signature_invalid' })
    const rs256 = await mint(op.claims())
    op.answers['/userinfo'] = () => jwt(rs256)
    expect(await failureOf(userinfo(op, { userinfoSigningAlg: 'ES256' }))).toMatchObject({
      code: 'token_algorithm_refused',
    })
    const es256 = await mint(op.claims(), ecKey.privateKey, { alg: 'ES256', kid: 'ec-1' })
    op.answers['/userinfo'] = () => jwt(es256)
    await expect(userinfo(op, { userinfoSigningAlg: 'ES256' })).resolves.toBeDefined()
    expect(op.seen.at(-1)?.url.pathname).toBe('/jwks')
  })

  test('UI03: accepts a response that is signed with the client secret, and verifies it', async () => {
    const op = new FakeProvider()
    const clientSecret = 'a secret of at least thirty-two bytes'
    const client = { clientSecret, userinfoSigningAlg: 'HS256' }
    const token = await mint(op.claims(), Buffer.from(clientSecret), { alg: 'HS256', kid: undefined })
    op.answers['/userinfo'] = () => jwt(token)
    await expect(userinfo(op, client)).resolves.toMatchObject({ sub: 'user-1' })
    const forged = await mint(op.claims(), Buffer.from('x'.repeat(32)), { alg: 'HS256', kid: undefined })
    op.answers['/userinfo'] = () => jwt(forged)
    expect(await failureOf(userinfo(op, client))).toMatchObject({ code: 'token_signature_invalid' })
  })

  test('treats what is written as null or "" as missing (OpenID Connect Core 5.3.2), except sub', async () => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = () => json({ sub: 'user-1', name: '', email: null, email_verified: false, age: 0 })
    expect({ ...(await userinfo(op)) }).toEqual({ sub: 'user-1', email_verified: false, age: 0 })
    for (const sub of [null, '', undefined]) {
      op.answers['/userinfo'] = () => json({ sub, name: 'Ada' })
      const error = await failureOf(userinfo(op))
      expect([error.code, error.message]).toEqual(['subject_mismatch', expect.stringContaining('has no sub')])
    }
  })

  test('UI03: refuses JSON where a signed response was agreed', async () => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = () => json({ sub: 'user-1' })
    expect(await failureOf(userinfo(op, { userinfoSigningAlg: 'RS256' }))).toMatchObject({
      code: 'provider_response_invalid',
    })
  })

  test.each<[string, Response, string, number]>([
    ['an outage', new Response('', { status: 502 }), 'provider_unavailable', 503],
    ['a redirect', new Response(null, { status: 302 }), 'provider_redirected', 502],
    [
      'a refused token',
      new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }),
      'token_inactive',
      502,
    ],
  ])('UI04: reports %s by its own code', async (_what, answer, code, status) => {
    const op = new FakeProvider()
    op.answers['/userinfo'] = answer
    expect(await failureOf(userinfo(op))).toMatchObject({ code, status })
  })

  test('reports a provider without the endpoint, and a token that no header can carry', async () => {
    const op = new FakeProvider()
    delete op.metadata['userinfo_endpoint']
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'provider_metadata_invalid', status: 502 })
    const error = await failureOf(userinfo(new FakeProvider(), {}, 'top-secret\r\n\0'))
    expect(error).toMatchObject({ code: 'provider_response_invalid' })
    expect(`${error.message}${error.cause?.message}`).not.toContain('top-secret')
  })
})

describe('a userinfo request at a template of tenants', () => {
  const template = 'https://login.example/{tenantid}/v2.0'
  const issuerOf = (tenant: string) => `https://login.example/${tenant}/v2.0`
  const [ours, theirs] = [issuerOf('ours'), issuerOf('theirs')]

  /** The verdict on a signed response about a person of our tenant. */
  async function verdictOn(claims: Record<string, unknown>, keyIssuer?: string): Promise<unknown> {
    const op = new FakeProvider({ issuer: 'https://login.example' })
    const settings = { ...op.settings, issuer: template, tenants: ['ours', 'theirs'] }
    const discoveryUrl = 'https://login.example/metadata'
    op.answers['/metadata'] = () => json({ ...op.metadata, issuer: template })
    op.jwks({ ...rsaKey.jwk, ...(keyIssuer === undefined ? {} : { issuer: keyIssuer }) })
    const token = await mint(op.claims(claims))
    op.answers['/userinfo'] = () => new Response(token, { headers: { 'content-type': 'application/jwt' } })
    const userinfo = createProvider({ ...settings, discoveryUrl }, op.client).userinfo('access-1', 'user-1', ours)
    return userinfo.then(
      () => 'accepted',
      (error) => error.code,
    )
  }

  test.each<[string, Record<string, unknown>, string | undefined, string]>([
    ["the person's tenant", { iss: ours }, undefined, 'accepted'],
    ["the person's tenant, and its key", { iss: ours }, ours, 'accepted'],
    ["the person's tenant, and a key of all tenants", { iss: ours }, template, 'accepted'],
    ["the person's tenant, and another one's key", { iss: ours }, theirs, 'token_signature_invalid'],
    ['another tenant', { iss: theirs }, undefined, 'token_issuer_mismatch'],
    ['another tenant, and its key', { iss: theirs }, theirs, 'token_issuer_mismatch'],
    ['the template itself', { iss: template }, undefined, 'token_issuer_mismatch'],
    ['another issuer', { iss: 'https://evil.example' }, undefined, 'token_issuer_mismatch'],
    ["no issuer, and the key of the person's tenant", { iss: undefined }, ours, 'accepted'],
    ["no issuer, and another tenant's key", { iss: undefined }, theirs, 'token_signature_invalid'],
  ])('UI03: with a signed response of %s', async (_what, claims, keyIssuer, verdict) => {
    expect(await verdictOn(claims, keyIssuer)).toBe(verdict)
  })
})
