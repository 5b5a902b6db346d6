import { describe, expect, test } from '@jest/globals'
import type { CrossAppAccessOptions } from '../../lib/options/client/options.js'
import { createTokens } from '../kit/client/source.js'
import { failureOf } from '../kit/failure.js'
import { down, json } from '../kit/provider/answers.js'
import type { Seen } from '../kit/provider/provider.js'
import { keyPair } from '../kit/key-pair.js'

const idJag = 'urn:ietf:params:oauth:token-type:id-jag'
const idToken = 'urn:ietf:params:oauth:token-type:id_token'
const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const unsigned = (header: unknown, claims: unknown) =>
  [header, claims, {}].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
const idTokenOf = (sub: string) => unsigned({ alg: 'RS256', typ: 'JWT' }, { sub })
const claimsOf = (token: string | null | undefined) =>
  JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString()) as { sub: string; jti: number }

/** Two authorization servers that answer as the draft says: one vouches for people, the other redeems each grant once. */
function createCompany(options: Parameters<typeof createTokens>[0] = {}) {
  const idp = createTokens(options)
  const wiki = createTokens({ clientId: 'notes', ...options })
  const redeemed = new Set<string>()
  let grants = 0
  let tokens = 0
  const company = {
    idp,
    wiki,
    grant: {} as Record<string, unknown>,
    redeem: undefined as ((request: Seen) => Response) | undefined,
    access: (changes: Partial<CrossAppAccessOptions> = {}) =>
      wiki.source.crossAppAccess({ identityProvider: idp.source, subjectToken: idTokenOf('ada'), ...changes }),
  }
  idp.op.answers['/token'] = ({ body }) => {
    if (idp.failure !== undefined) return idp.failure()
    const { sub } = claimsOf(body.get('subject_token'))
    const exp = idp.op.clock.seconds + 300
    const grant = unsigned({ alg: 'RS256', typ: 'oauth-id-jag+jwt' }, { sub, jti: ++grants, exp })
    const answer = { issued_token_type: idJag, access_token: grant, token_type: 'N_A', expires_in: 300 }
    return json({ ...answer, ...company.grant })
  }
  wiki.op.answers['/token'] = (request) => {
    if (company.redeem !== undefined) return company.redeem(request)
    const assertion = request.body.get('assertion') ?? ''
    if (redeemed.has(assertion)) return json({ error: 'invalid_grant' }, 400)
    redeemed.add(assertion)
    return json({ access_token: `${claimsOf(assertion).sub}-${++tokens}`, token_type: 'Bearer', expires_in: 3600 })
  }
  return company
}

describe('crossAppAccess', () => {
  test('has the identity provider vouch for the person, and redeems that', async () => {
    const { idp, wiki, access } = createCompany()
    expect(await access({ scope: 'pages:read', resource: 'https://wiki.example.com/mcp' })).toBe('ada-1')
    expect(Object.fromEntries(idp.requests()[0]?.body ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: idJag,
      audience: wiki.op.issuer,
      resource: 'https://wiki.example.com/mcp',
      scope: 'pages:read',
      subject_token: idTokenOf('ada'),
      subject_token_type: idToken,
    })
    const sent = wiki.requests()[0]?.body
    expect([...(sent?.keys() ?? [])].sort()).toEqual(['assertion', 'grant_type'])
    expect(sent?.get('grant_type')).toBe(grantType)
    expect(claimsOf(sent?.get('assertion')).sub).toBe('ada')
    expect(wiki.requests()[0]?.headers.get('authorization')).toBe(`Basic ${btoa('notes:secret-1')}`)
  })

  test('asks each server once for the same person and target, also at the same time', async () => {
    const { idp, wiki, access } = createCompany()
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => access())))).toEqual(new Set(['ada-1']))
    expect(await access()).toBe('ada-1')
    expect([idp.requests().length, wiki.requests().length]).toEqual([1, 1])
  })

  test('never serves one person a token that was cached for another', async () => {
    const { access } = createCompany()
    const ask = (sub: string) => access({ subjectToken: idTokenOf(sub) })
    expect(await Promise.all(['ada', 'bob', 'ada'].map(ask))).toEqual(['ada-1', 'bob-2', 'ada-1'])
  })

  test('takes a refresh token as the subject', async () => {
    const { idp, access } = createCompany()
    idp.failure = () => json({ error: 'invalid_request' }, 400)
    const subjectTokenType = 'urn:ietf:params:oauth:token-type:refresh_token'
    await failureOf(access({ subjectToken: 'refresh-1', subjectTokenType }))
    expect(idp.requests()[0]?.body.get('subject_token_type')).toBe(subjectTokenType)
  })

  test('keeps a token for no longer than the grant that it came from', async () => {
    const { idp, wiki, access } = createCompany()
    await access()
    for (const { op } of [idp, wiki]) op.clock.advance(300)
    expect(await access()).toBe('ada-2')
  })

  test('replaces a grant that was redeemed before', async () => {
    const { idp, wiki, access } = createCompany()
    wiki.source.drop(await access())
    expect(await access()).toBe('ada-2')
    expect([idp.requests().length, wiki.requests().length]).toEqual([2, 3])
  })

  test('reports a person whom the second server does not know, after one more try', async () => {
    const company = createCompany()
    company.redeem = () => json({ error: 'invalid_grant' }, 400)
    expect(await failureOf(company.access())).toMatchObject({ code: 'invalid_grant', status: 400 })
    expect([company.idp.requests().length, company.wiki.requests().length]).toEqual([2, 2])
  })

  test('of bound clients takes a grant that is not bound, and a bound token only', async () => {
    const { privateKey } = keyPair('ec', { namedCurve: 'P-256' })
    const company = createCompany({ dpop: { privateKey: privateKey.export({ format: 'jwk' }) } })
    expect(await failureOf(company.access())).toMatchObject({ code: 'token_response_invalid' })
    company.redeem = () => json({ access_token: 'bound', token_type: 'DPoP' })
    expect(await company.access({ subjectToken: idTokenOf('bob') })).toBe('bound')
  })

  test.each<[string, Record<string, unknown>]>([
    ['an access token by its issued type', { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }],
    ['an ID Token by its issued type', { issued_token_type: idToken }],
    ['a token without an issued type', { issued_token_type: undefined }],
    ['a token for APIs', { token_type: 'Bearer' }],
    ['a token without a type', { token_type: undefined }],
    ['an access token by its typ', { access_token: unsigned({ alg: 'RS256', typ: 'at+jwt' }, { sub: 'ada' }) }],
    ['the ID Token itself', { access_token: idTokenOf('ada') }],
    ['an opaque token', { access_token: 'opaque' }],
  ])('refuses %s in place of the grant, and sends it nowhere', async (_what, answer) => {
    const company = createCompany()
    company.grant = answer
    const error = await failureOf(company.access())
    expect(error).toMatchObject({ code: 'token_response_invalid', status: 502 })
    expect(company.wiki.requests()).toEqual([])
  })

  test('passes on a grant that is encrypted for the second server', async () => {
    const company = createCompany()
    const header = Buffer.from('{"alg":"RSA-OAEP-256","enc":"A256GCM"}').toString('base64url')
    company.grant = { access_token: `${header}.a.b.c.d` }
    company.redeem = ({ body }) => json({ access_token: `for-${body.get('assertion')}`, token_type: 'Bearer' })
    expect(await company.access()).toBe(`for-${header}.a.b.c.d`)
  })

  test('answers 503 while either server is down, and serves what is cached', async () => {
    const company = createCompany()
    await company.access()
    company.idp.failure = down
    company.redeem = down
    expect(await company.access()).toBe('ada-1')
    const bob = { subjectToken: idTokenOf('bob') }
    expect(await failureOf(company.access(bob))).toMatchObject({ name: 'ProviderError', status: 503 })
    company.idp.failure = undefined
    expect(await failureOf(company.access({ subjectToken: idTokenOf('eve') }))).toMatchObject({ status: 503 })
  })

  test('names what is missing', async () => {
    const { wiki } = createCompany()
    const given = { subjectToken: idTokenOf('ada') } as unknown as CrossAppAccessOptions
    expect((await failureOf(wiki.source.crossAppAccess(given))).message).toContain(
      '"identityProvider" is missing: expected what clientCredentials() returns for the identity provider',
    )
  })

  test('reports a policy of the company that refuses, by the identity provider’s code', async () => {
    const { idp, wiki, access } = createCompany()
    idp.failure = () => json({ error: 'interaction_required' }, 400)
    expect(await failureOf(access())).toMatchObject({ code: 'interaction_required', status: 401 })
    idp.failure = () => json({ error: 'invalid_target' }, 400)
    expect(await failureOf(access({ scope: 'b' }))).toMatchObject({ code: 'token_request_failed' })
    expect(wiki.requests()).toEqual([])
  })

  test.each<[Record<string, unknown>, string]>([
    [{ identityProvider: undefined }, '"identityProvider" must be what clientCredentials() returns'],
    [
      { identityProvider: { issuer: 'https://idp.example' } },
      '"identityProvider" must be what clientCredentials() returns',
    ],
    [{ subjectToken: '' }, '"subjectToken" is empty'],
    [{ audience: 'x' }, '"audience"'],
  ])('refuses the arguments %j', async (changes, message) => {
    const { idp, access } = createCompany()
    const error = await failureOf(access(changes))
    expect(error).toMatchObject({ code: 'invalid_options' })
    expect(error.message).toContain(message)
    expect(idp.op.seen).toEqual([])
  })
})
