import { describe, expect, test } from '@jest/globals'
import { answerTokens, providerOf } from '../kit/provider/code-exchange.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { mint, otherRsaKey, rsaKey } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'

describe('a refresh at the provider', () => {
  const before = { iss: 'https://issuer.example', sub: 'user-1', nonce: 'nonce-1', auth_time: 1000 }
  const refresh = (op: FakeProvider, changes = {}) =>
    providerOf(op).refresh({ refreshToken: 'refresh-0', scope: 'openid a b', idTokenClaims: before, ...changes })

  test('RF09: keeps what the response leaves out', async () => {
    const op = new FakeProvider()
    op.answers['/token'] = () => json({ access_token: 'access-2', token_type: 'Bearer' })
    expect(await refresh(op)).toEqual({
      accessToken: 'access-2',
      tokenType: 'bearer',
      refreshToken: 'refresh-0',
      scope: 'openid a b',
    })
  })

  test.each([null, ''])('RF09: keeps what the response writes as %j', async (blank) => {
    const op = new FakeProvider()
    await answerTokens(op, { refresh_token: blank, scope: blank, expires_in: blank, id_token: blank })
    expect(await refresh(op)).toEqual({
      accessToken: 'access-1',
      tokenType: 'bearer',
      refreshToken: 'refresh-0',
      scope: 'openid a b',
    })
  })

  test('returns a rotated refresh token and a new ID Token', async () => {
    const op = new FakeProvider()
    await answerTokens(op, { scope: 'openid a' })
    const tokens = await refresh(op)
    expect(tokens).toMatchObject({ refreshToken: 'refresh-1', scope: 'openid a', accessToken: 'access-1' })
    expect(tokens.idTokenClaims?.sub).toBe('user-1')
  })

  test('counts the lifetime of a token from the request: a slow response makes it no younger', async () => {
    const op = new FakeProvider()
    const sentAt = op.clock.seconds
    await answerTokens(op, { expires_in: 600 })
    op.intercept = (url) => void (url.endsWith('/token') && op.clock.advance(50))
    expect(await refresh(op)).toMatchObject({ expiresAt: sentAt + 600 })
  })

  test('ignores a new ID Token without the sid by which logouts name the session', async () => {
    const op = new FakeProvider()
    await answerTokens(op)
    const tokens = await refresh(op, { idTokenClaims: { ...before, sid: 'session-1' } })
    expect(tokens).toMatchObject({ refreshToken: 'refresh-1', accessToken: 'access-1' })
    expect(tokens).not.toHaveProperty('idToken')
    const named = new FakeProvider()
    await answerTokens(named, {}, await mint(named.claims({ sid: 'session-1' })))
    expect(await refresh(named, { idTokenClaims: { ...before, sid: 'session-1' } })).toHaveProperty('idToken')
  })

  test('RF12: sends a refresh token with any printable character unchanged', async () => {
    const op = new FakeProvider()
    const refreshToken = 'a b%20+&=;/~"\\'
    await answerTokens(op)
    await refresh(op, { refreshToken, parameters: { scope: 'a', resource: 'https://api.example' } })
    const sent = op.seen.find(({ url }) => url.pathname === '/token')
    expect(Object.fromEntries(sent?.body ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      scope: 'a',
      resource: 'https://api.example',
    })
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['another person', { sub: 'user-2' }, 'subject_mismatch'],
    ['another issuer', { iss: 'https://evil.example' }, 'token_issuer_mismatch'],
    ['another audience', { aud: 'client-2' }, 'token_audience_mismatch'],
  ])('RF10: refuses an ID Token about %s', async (_what, changes, code) => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(changes)))
    expect(await failureOf(refresh(op))).toMatchObject({ code })
  })

  test('RF10: accepts an ID Token without a nonce and with the same auth_time', async () => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims({ nonce: undefined, auth_time: 1000 })))
    await expect(refresh(op)).resolves.toHaveProperty('idToken')
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['another nonce', { nonce: 'nonce-2' }, 'token_nonce_mismatch'],
    ['an empty nonce', { nonce: '' }, 'token_nonce_mismatch'],
    ['no text as its nonce', { nonce: null }, 'token_nonce_mismatch'],
    ['another auth_time', { nonce: undefined, auth_time: 2000 }, 'token_claim_invalid'],
    ['an auth_time that is a text', { nonce: undefined, auth_time: 'yesterday' }, 'token_claim_invalid'],
    ['an end that has passed', { exp: 1 }, 'token_expired'],
    ['no end', { exp: undefined }, 'token_claim_missing'],
    ['an at_hash of another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'token_hash_mismatch'],
    ['a beginning that is to come', { nbf: 4e9 }, 'token_not_yet_valid'],
  ])('ignores an ID Token with %s, and accepts its tokens', async (_what, changes, idTokenFlaw) => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(changes)))
    const tokens = await refresh(op)
    expect(tokens).toMatchObject({ accessToken: 'access-1', refreshToken: 'refresh-1', idTokenFlaw })
    expect(tokens).not.toHaveProperty('idToken')
  })

  test('refuses an ID Token about another person whatever else is invalid in it', async () => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims({ exp: 1, nonce: '', sub: 'user-2' })))
    expect(await failureOf(refresh(op))).toMatchObject({ code: 'subject_mismatch' })
  })

  test.each([null, '', 5, {}])('treats an ID Token that is %p as missing, and accepts its tokens', async (idToken) => {
    const op = new FakeProvider()
    op.answers['/token'] = () => json({ access_token: 'access-2', token_type: 'Bearer', id_token: idToken })
    expect(await refresh(op)).toMatchObject({ accessToken: 'access-2' })
    expect(await refresh(op)).not.toHaveProperty('idToken')
  })

  describe('with an ID Token that cannot be verified yet', () => {
    const newKey = { alg: 'RS256', kid: 'rsa-2' }
    async function unverified(changes: Record<string, unknown> = {}) {
      const op = new FakeProvider()
      const provider = providerOf(op)
      await provider.ready()
      const idToken = await mint(op.claims({ nonce: undefined, ...changes }), otherRsaKey.privateKey, newKey)
      await answerTokens(op, {}, idToken)
      op.answers['/jwks'] = () => json({}, 503)
      return { op, provider, idToken }
    }
    const request = { refreshToken: 'refresh-0', scope: 'openid', idTokenClaims: before }
    const again = (idToken: string) => ({ idToken, accessToken: 'access-1', before })

    test('keeps its tokens, and verifies it once the keys can be fetched', async () => {
      const { op, provider, idToken } = await unverified()
      const tokens = await provider.refresh(request)
      expect(tokens).toMatchObject({ accessToken: 'access-1', unverifiedIdToken: idToken })
      expect(tokens).not.toHaveProperty('idToken')
      expect(await provider.checkRefreshedIdToken(again(idToken))).toMatchObject({ unverifiedIdToken: idToken })
      op.jwks(rsaKey.jwk, otherRsaKey.jwk)
      op.clock.advance(61)
      expect(await provider.checkRefreshedIdToken(again(idToken))).toMatchObject({ idToken })
    })

    test('refuses it at once where it would be about another person, issuer or client', async () => {
      for (const [changes, code] of [
        [{ sub: 'user-2' }, 'subject_mismatch'],
        [{ iss: 'https://evil.example' }, 'token_issuer_mismatch'],
        [{ aud: ['client-2'] }, 'token_audience_mismatch'],
      ] as const) {
        const { provider } = await unverified(changes)
        expect(await failureOf(provider.refresh(request))).toMatchObject({ code })
      }
    })

    test('refuses it later where its signature is not the issuer’s', async () => {
      const { op, provider, idToken } = await unverified()
      await provider.refresh(request)
      op.jwks(rsaKey.jwk, { ...rsaKey.jwk, kid: 'rsa-2' })
      op.clock.advance(61)
      expect(await failureOf(provider.checkRefreshedIdToken(again(idToken)))).toMatchObject({
        code: 'token_signature_invalid',
      })
    })
  })

  test('RF10: refuses the whole response for a forged ID Token', async () => {
    const op = new FakeProvider()
    await answerTokens(op, {}, await mint(op.claims(), otherRsaKey.privateKey))
    expect(await failureOf(refresh(op))).toMatchObject({ code: 'token_signature_invalid' })
  })

  test.each([
    ['RF05', json({ error: 'invalid_grant' }, 400), 'invalid_grant'],
    ['RF07', new Response('', { status: 503, headers: { 'retry-after': '9' } }), 'provider_unavailable'],
  ])('tells the end of a grant and an outage apart: %s', async (_id, answer, code) => {
    const op = new FakeProvider()
    op.answers['/token'] = answer
    expect(await failureOf(refresh(op))).toMatchObject({ code })
    expect(op.count('/token')).toBe(1)
  })
})
