import { describe, expect, test } from '@jest/globals'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'
import { apiProvider } from '../../kit/provider/provider.js'

const adfs = 'http://adfs.example.com/adfs/services/trust'

describe('issuerAliases', () => {
  test('are further spellings of iss, while the principal has the configured one', async () => {
    const { issuer, accept } = testApi({ issuerAliases: [adfs, 'accounts.example.com'] })
    for (const iss of [issuer.issuer, adfs, 'accounts.example.com']) {
      const principal = await accept(issuer.accessToken({ iss }))
      expect([principal.issuer, principal.claims['iss']]).toEqual([issuer.issuer, iss])
    }
    expect(issuer.requests.every((url) => url.startsWith(issuer.issuer))).toBe(true)
  })

  test('belong to one issuer and its keys', async () => {
    const a = apiProvider({ issuer: 'https://a.example.com' })
    const b = apiProvider({ issuer: 'https://b.example.com', clock: a.clock })
    const fetch = (input: string) => (input.startsWith(a.issuer) ? a.fetch(input) : b.fetch(input))
    const map = { [a.issuer]: { audience: 'api', issuerAliases: [adfs] }, [b.issuer]: { audience: 'api' } }
    const { accept, refuse } = testApi({ issuer: map, audience: undefined, fetch }, a)
    await accept(a.accessToken({ iss: adfs, aud: 'api' }))
    const error = await refuse(b.accessToken({ iss: adfs, aud: 'api' }))
    expect(reasonOf(error)).toBe('token_key_not_found')
  })

  test('are filled in for each tenant of a template', async () => {
    const issuer = apiProvider({ issuer: 'https://login.example.com/t1/v2.0' })
    const options = {
      issuer: 'https://login.example.com/{tenantid}/v2.0',
      tenants: ['t1', 't2'],
      issuerAliases: ['https://sts.example.com/{tenantid}/'],
    }
    const { accept, refuse } = testApi(options, issuer)
    expect((await accept(issuer.accessToken({ iss: 'https://sts.example.com/t1/' }))).issuer).toBe(issuer.issuer)
    expect(reasonOf(await refuse(issuer.accessToken({ iss: 'https://sts.example.com/t3/' })))).toBe(
      'token_issuer_mismatch',
    )
    expect(() => testApi({ ...options, issuerAliases: ['https://sts.example.com/'] }, issuer)).toThrow(
      /same place to fill/,
    )
  })

  test.each([
    ['the issuer itself', { issuerAliases: ['https://issuer.example.com'] }],
    ['one alias twice', { issuerAliases: ['x', 'x'] }],
    [
      'one alias of two issuers',
      {
        audience: undefined,
        issuer: {
          'https://a.example.com': { audience: 'x', issuerAliases: ['y'] },
          'https://b.example.com': { audience: 'x', issuerAliases: ['y'] },
        },
      },
    ],
  ])('are refused at the start where a spelling occurs twice: %s', (_what, options) => {
    expect(() => testApi(options)).toThrow(/same spelling of an issuer twice/)
  })

  test('cannot belong to several issuers together', () => {
    expect(() => testApi({ issuer: ['https://a.example.com'], issuerAliases: ['x'] })).toThrow(/with one issuer only/)
  })
})

describe('jwksUri', () => {
  test('is where the keys are fetched from, without metadata', async () => {
    const issuer = apiProvider()
    const jwksUri = 'https://keys.example.com/jwks?p=policy'
    issuer.intercept = (url) => (url === jwksUri ? Response.json(jwks) : undefined)
    const jwks = await (await issuer.fetch(`${issuer.issuer}/jwks`)).json()
    issuer.seen.length = 0
    const { accept } = testApi({ jwksUri }, issuer)
    await accept(issuer.accessToken())
    expect(issuer.requests).toEqual([jwksUri])
  })

  test('must be https, and the issuer need not be, since nothing is fetched there', () => {
    expect(() => testApi({ jwksUri: 'http://keys.example.com/jwks' })).toThrow(/must use https/)
    expect(() => testApi({ issuer: adfs })).toThrow(/must use https/)
    expect(() => testApi({ issuer: adfs, jwksUri: 'https://adfs.example.com/adfs/discovery/keys' })).not.toThrow()
  })

  test('excludes other sources of keys', () => {
    expect(() => testApi({ jwksUri: 'https://keys.example.com/jwks', jwks: { keys: [] } })).toThrow(/at most one/)
  })

  test('replaces the keys of the options if a resolver returns it', async () => {
    const issuer = apiProvider()
    const jwksUri = `${issuer.issuer}/jwks`
    const other = apiProvider().keys[0]?.publicKey.export({ type: 'spki', format: 'pem' })
    const { accept } = testApi({ issuer: () => ({ jwksUri }), publicKey: other }, issuer)
    await accept(issuer.accessToken())
    expect(issuer.requests).toEqual([jwksUri])
  })
})
