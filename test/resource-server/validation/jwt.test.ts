import { describe, expect, test } from '@jest/globals'
import { noteLogin } from '../../../lib/resource-server/issuers/logins.js'
import { publicJwk, signingKey } from '../../kit/provider/keys.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'

const names = (count: number) => Array.from({ length: count }, (_, i) => `https://op${i + 1}.example`)

describe('the issuer of a JWT', () => {
  test.each([
    [1, '"https://op1.example"'],
    [2, '"https://op1.example" or "https://op2.example"'],
    [3, '"https://op1.example" or "https://op2.example" or "https://op3.example"'],
    [4, '"https://op1.example" or "https://op2.example" or "https://op3.example"'],
  ])('is refused unless it is trusted, with up to three that are: %d', async (count, expected) => {
    const { issuer, refuse } = testApi({ issuer: names(count) })
    const { cause, details } = await refuse(issuer.accessToken({ iss: 'https://x.example' }))
    expect(cause).toMatchObject({
      code: 'token_issuer_mismatch',
      message: 'the token is from "https://x.example", an issuer that is not trusted here ("issuer", "issuerAliases")',
    })
    expect(details).toEqual({
      ...{ subject: 'iss', seen: '"https://x.example"', expected, option: 'issuer' },
      token: expect.objectContaining({ iss: '"https://x.example"' }),
    })
  })

  test('is refused without a name of any other where a resolver knows none', async () => {
    const { issuer, refuse } = testApi({ issuer: () => undefined })
    const { cause, details } = await refuse(issuer.accessToken())
    expect(cause).toMatchObject({ code: 'token_issuer_mismatch' })
    expect(details).toMatchObject({ subject: 'iss', seen: `"${issuer.issuer}"`, expected: undefined, option: 'issuer' })
  })

  test.each([undefined, null, 5, ['https://issuer.example.com'], {}])('is missing where iss is %j', async (iss) => {
    for (const resolver of [undefined, () => ({})]) {
      const { issuer, refuse } = testApi(resolver === undefined ? {} : { issuer: resolver })
      const { cause, details } = await refuse(issuer.accessToken({ iss }))
      expect(cause).toMatchObject({ code: 'token_issuer_mismatch', message: "the token's iss is missing" })
      expect(details).toMatchObject({ subject: 'iss', seen: 'missing', option: 'issuer' })
      expect(details).not.toHaveProperty('expected')
    }
  })
})

describe('BR09: a key that its JWK assigns to an issuer', () => {
  const issuerOf = (tenant: string, base = 'https://login.example.com') => `${base}/${tenant}/v2.0`

  /** An API of two tenants with one key set, in which the second key has these members. */
  function tenantsWith(members: Record<string, unknown>, options: Record<string, unknown> = {}) {
    const provider = apiProvider()
    const key = signingKey()
    provider.intercept = (url) => {
      const [, tenant] = /^https:\/\/login\.example\.com\/([^/]+)\/v2\.0\/\.well-known/.exec(url) ?? []
      if (tenant !== undefined)
        return Response.json({ issuer: issuerOf(tenant), jwks_uri: 'https://login.example.com/keys' })
      const shared = { keys: [...provider.keys.map(publicJwk), { ...publicJwk(key), ...members }] }
      return url === 'https://login.example.com/keys' ? Response.json(shared) : undefined
    }
    const trust = { issuer: issuerOf('{tenantid}'), tenants: ['ours', 'theirs'], profile: 'jwt' }
    const api = testApi({ ...trust, ...options }, provider)
    const tokenOf = (tenant: string, iss = issuerOf(tenant)) => provider.accessToken({ iss }, { typ: 'JWT' }, key)
    const others = () => provider.accessToken({ iss: issuerOf('ours') }, { typ: 'JWT' })
    return { ...api, tokenOf, others }
  }

  test('BR09: signs for no other tenant, whether the keys are known or not', async () => {
    const { accept, refuse, tokenOf, others } = tenantsWith({ issuer: issuerOf('theirs') })
    expect(reasonOf(await refuse(tokenOf('ours')))).toBe('token_signature_invalid')
    await accept(others())
    expect(reasonOf(await refuse(tokenOf('ours')))).toBe('token_signature_invalid')
    await expect(accept(tokenOf('theirs'))).resolves.toMatchObject({ issuer: issuerOf('theirs') })
  })

  test.each([
    ['of no issuer', {}],
    ['of the template', { issuer: issuerOf('{tenantid}') }],
    ['of what is no text', { issuer: 5 }],
  ])('BR09: signs for each tenant if it is %s', async (_what, members) => {
    const { accept, tokenOf } = tenantsWith(members)
    for (const tenant of ['ours', 'theirs', 'ours']) await accept(tokenOf(tenant))
  })

  test.each([issuerOf('{tenantid}', 'https://elsewhere.example.com'), `${issuerOf('ours')}/`, ''])(
    'BR09: signs for none where it is of %p',
    async (issuer) => {
      const { refuse, tokenOf } = tenantsWith({ issuer })
      for (const tenant of ['ours', 'theirs'])
        expect(reasonOf(await refuse(tokenOf(tenant)))).toBe('token_signature_invalid')
    },
  )

  test('BR09: is named where it signed and was passed over, and not where somebody else signed', async () => {
    const { refuse, tokenOf } = tenantsWith({ issuer: issuerOf('theirs') })
    const token = tokenOf('ours')
    for (let i = 0; i < 2; i++) {
      const { cause, details } = await refuse(token)
      expect(cause).toMatchObject({
        code: 'token_signature_invalid',
        message: `the token is not signed by a key of its issuer: the key that signed it was passed over, since its JWK names the issuer "${issuerOf('theirs')}" (other spellings of one issuer belong in "issuerAliases")`,
      })
      const hint = { subject: 'issuer', seen: `"${issuerOf('theirs')}"`, option: 'issuerAliases' }
      expect(details).toEqual({ ...hint, token: expect.objectContaining({ iss: `"${issuerOf('ours')}"` }) })
    }
    const forged = await refuse(`${token.slice(0, -8)}AAAAAAAA`)
    expect(forged.cause).toMatchObject({ message: 'the token is not signed by a key of its issuer' })
    expect(forged.details).not.toHaveProperty('option')
  })

  test('BR09: signs under each spelling of its issuer, as Microsoft Entra does for tokens of version 1', async () => {
    const issuerAliases = ['https://sts.example.net/{tenantid}/']
    for (const issuer of [issuerOf('ours'), issuerOf('{tenantid}')]) {
      const { accept, refuse, tokenOf } = tenantsWith({ issuer }, { issuerAliases })
      await accept(tokenOf('ours', 'https://sts.example.net/ours/'))
      const foreign = tokenOf('theirs', 'https://sts.example.net/theirs/')
      if (issuer === issuerOf('ours')) expect(reasonOf(await refuse(foreign))).toBe('token_signature_invalid')
      else await accept(foreign)
    }
  })
})

describe('a JWT', () => {
  test('may be as long as the header allows', async () => {
    const { issuer, accept } = testApi()
    const groups = Array.from({ length: 4000 }, (_, i) => `group-${i}`)
    await expect(accept(issuer.accessToken({ groups }))).resolves.toMatchObject({ subject: 'alice' })
  })

  test('is refused for its algorithm before anything is fetched, and for its claims before its key is', async () => {
    const { issuer, refuse } = testApi({ algorithms: ['ES384'] })
    expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_algorithm_refused')
    const open = testApi({}, issuer)
    for (const [claims, reason] of [
      [{ exp: 5 }, 'token_expired'],
      [{ aud: 'x' }, 'token_audience_mismatch'],
      [{ jti: undefined }, 'token_claim_missing'],
    ] as const) {
      expect(reasonOf(await open.refuse(issuer.accessToken(claims)))).toBe(reason)
    }
    expect(issuer.requests).toEqual([])
  })

  test('is refused for its signature where that is wrong, whatever else is', async () => {
    const { issuer, accept, refuse } = testApi()
    await accept(issuer.accessToken())
    const stranger = signingKey('ES256', { kid: issuer.keys[0]?.kid ?? '' })
    for (const claims of [{}, { exp: 5 }, { sub: undefined }]) {
      expect(reasonOf(await refuse(issuer.accessToken(claims, {}, stranger)))).toBe('token_signature_invalid')
    }
  })

  test('is refused with a description of it, at once or once its keys are fetched', async () => {
    const { issuer, accept, refuse } = testApi()
    const described = {
      token: {
        ...{
          alg: '"ES256"',
          typ: '"at+jwt"',
          kid: `"${issuer.keys[0]?.kid}"`,
          iss: `"${issuer.issuer}"`,
          aud: `"${audience}"`,
        },
        ...{ client: '"web"', exp: issuer.clock.seconds + 300, iat: issuer.clock.seconds },
      },
    }
    const token = issuer.accessToken({ sub: 5 })
    expect((await refuse(token)).details).toMatchObject(described)
    await accept(issuer.accessToken())
    expect((await refuse(token)).details).toMatchObject(described)
  })

  test('is judged by the rules of its own issuer', async () => {
    const a = apiProvider({ issuer: 'https://a.example.com' })
    const b = apiProvider({ issuer: 'https://b.example.com', clock: a.clock })
    const fetch = (input: string) => (input.startsWith(a.issuer) ? a.fetch(input) : b.fetch(input))
    const map = {
      [a.issuer]: { audience: 'of-a', clients: ['web'], subject: { claim: 'uid' } },
      [b.issuer]: { audience: 'of-b', profile: 'jwt', algorithms: ['ES256'] },
    }
    const { accept, refuse } = testApi({ issuer: map, audience: undefined, fetch }, a)
    for (let i = 0; i < 2; i++) {
      await expect(accept(a.accessToken({ aud: 'of-a', uid: 'u' }))).resolves.toMatchObject({ subject: 'u' })
      await expect(accept(b.accessToken({ aud: 'of-b' }, { typ: 'JWT' }))).resolves.toMatchObject({ subject: 'alice' })
      expect(reasonOf(await refuse(b.accessToken({ aud: 'of-a' })))).toBe('token_audience_mismatch')
      expect(reasonOf(await refuse(a.accessToken({ aud: 'of-a', client_id: 'x', uid: 'u' })))).toBe(
        'token_claim_invalid',
      )
      expect(reasonOf(await refuse(a.accessToken({ aud: 'of-a', uid: 'u' }, { typ: 'JWT' })))).toBe(
        'token_type_refused',
      )
    }
  })

  test('by the type of RFC 9068 may say whose it is', async () => {
    const { issuer, accept } = testApi({ profile: 'jwt' })
    await expect(accept(issuer.accessToken({ acr: '1' }))).resolves.toMatchObject({ isMachine: false })
    expect((await accept(issuer.accessToken({ acr: '1' }, { typ: 'JWT' }))).isMachine).toBeUndefined()
  })

  test('may be for the client, and from the issuer, of a login of this process, but for the profile "external"', async () => {
    const issuer = apiProvider({ issuer: 'https://signin-and-api.example' })
    noteLogin({ clientId: audience, issuer: issuer.issuer })
    await testApi({}, issuer).accept(issuer.accessToken())
    await testApi({ profile: 'jwt' }, issuer).accept(issuer.accessToken({}, { typ: 'JWT' }))
    const { refuse } = testApi({ profile: 'external' }, issuer)
    expect(reasonOf(await refuse(issuer.accessToken()))).toBe('token_type_refused')
  })
})
