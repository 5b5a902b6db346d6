import { describe, expect, test } from '@jest/globals'
import { bearer } from '../../../lib/index.js'
import { entra, google } from '../../../lib/providers/index.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { failureOf } from '../../kit/failure.js'
import { json } from '../../kit/provider/answers.js'
import { apiProvider } from '../../kit/provider/provider.js'
import { reasonOf, testApi } from '../../kit/resource-server/api.js'

const audience = 'https://api.example.com'
const issuer = 'https://id.example.com'
const client = { clientId: 'web', clientSecret: 'secret-1', scope: 'openid', label: 'Sign in' }

function trusted(providers: unknown, others = {}) {
  const { trust, providerNames } = parseBearerOptions({ providers, audience, ...others })
  return { issuers: Object.fromEntries(trust.issuers), names: Object.fromEntries(providerNames ?? []) }
}

describe('bearer({ providers })', () => {
  test('trusts the issuers of the map and no other, as they are described there', () => {
    const work = {
      issuer,
      internalOrigin: 'http://keycloak:8080',
      allowPrivateAddresses: false,
      discoveryUrl: `${issuer}/m`,
    }
    const { issuers, names } = trusted({
      google: { ...google(), ...client, issuerAliases: ['accounts.google.com'] },
      work: { ...work, ...client },
    })
    expect(Object.keys(issuers)).toEqual(['https://accounts.google.com', issuer])
    expect(issuers['https://accounts.google.com']).toMatchObject({
      issuerAliases: ['accounts.google.com'],
      audience: [audience],
    })
    const { issuer: _name, ...description } = work
    expect(issuers[issuer]).toMatchObject({ ...description, audience: [audience] })
    expect(JSON.stringify(issuers)).not.toContain('secret-1')
    expect(names).toEqual({ 'https://accounts.google.com': 'google', [issuer]: 'work' })
  })

  test('takes the issuers of listed tenants, and their aliases', () => {
    const entra = {
      issuer: 'https://login.example.com/{tenantid}/v2.0',
      issuerAliases: ['https://sts.example.net/{tenantid}/'],
      tenants: ['t1', 't2'],
    }
    const { issuers, names } = trusted({ entra })
    expect(Object.keys(issuers)).toEqual(['https://login.example.com/t1/v2.0', 'https://login.example.com/t2/v2.0'])
    expect(issuers['https://login.example.com/t2/v2.0']?.issuerAliases).toEqual(['https://sts.example.net/t2/'])
    expect(new Set(Object.values(names))).toEqual(new Set(['entra']))
  })

  test('finds the metadata of each listed tenant, where those that the tenants share are for logins', async () => {
    const [one, two] = ['11111111-2222-3333-4444-555555555555', '11111111-2222-3333-4444-666666666666']
    const root = 'https://login.microsoftonline.com'
    const issuerOf = (tenant: string) => `${root}/${tenant}/v2.0`
    const provider = apiProvider({ issuer: issuerOf('common') })
    for (const tenant of ['common', one, two]) {
      const named = tenant === 'common' ? '{tenantid}' : tenant
      provider.answers[`/${tenant}/v2.0/.well-known/openid-configuration`] = () =>
        json({ ...provider.metadata, issuer: issuerOf(named) })
    }
    const work = { ...entra({ tenant: 'common', tenants: [one, two] }), ...client }
    const { accept } = testApi({ issuer: undefined, providers: { work }, audience }, provider)
    for (const iss of [issuerOf(one), issuerOf(two)]) {
      expect(await accept(provider.accessToken({ iss }))).toMatchObject({ issuer: iss, provider: 'work' })
    }
    expect(provider.requests).not.toContain(work.discoveryUrl)
  })

  test.each([
    ['https://login.example.com/{tenantid}/metadata', 'https://login.example.com/t1/metadata'],
    ['https://login.example.com/common/metadata', undefined],
    [false, false],
  ])('takes the discoveryUrl %s of listed tenants for %s', (discoveryUrl, own) => {
    const template = 'https://login.example.com/{tenantid}/v2.0'
    const metadata = { jwks_uri: 'https://login.example.com/keys' }
    const { issuers } = trusted({ work: { issuer: template, tenants: ['t1'], discoveryUrl, metadata } })
    expect(issuers['https://login.example.com/t1/v2.0']).toMatchObject({ metadata })
    expect(issuers['https://login.example.com/t1/v2.0']?.discoveryUrl).toBe(own)
  })

  test('gives listed tenants, and two clients of one issuer, no aliases where none are named', () => {
    const { issuers } = trusted({
      entra: { issuer: 'https://login.example.com/{tenantid}/v2.0', tenants: ['t1'] },
      a: { issuer },
      b: { issuer },
    })
    expect(Object.keys(issuers)).toEqual(['https://login.example.com/t1/v2.0', issuer])
    expect(Object.values(issuers).map(({ issuerAliases }) => issuerAliases ?? [])).toEqual([[], []])
  })

  test('joins the aliases of two clients of one issuer', () => {
    const { issuers } = trusted({
      a: { issuer, issuerAliases: ['one'] },
      b: { issuer, issuerAliases: ['one', 'two'] },
      c: { issuer },
    })
    expect(issuers[issuer]).toMatchObject({ issuerAliases: ['one', 'two'] })
  })

  test('has one entry, and no name, for two clients of one issuer', () => {
    const { issuers, names } = trusted({
      a: { issuer, clientId: 'a', issuerAliases: ['id-a'] },
      b: { issuer, clientId: 'b', issuerAliases: ['id-a', 'id-b'] },
    })
    expect(issuers[issuer]?.issuerAliases).toEqual(['id-a', 'id-b'])
    expect([Object.keys(issuers), names]).toEqual([[issuer], {}])
  })

  test('passes profile, clients, subject and algorithms on to all of them', () => {
    const rules = { profile: 'jwt', clients: ['app'], algorithms: ['ES256'], subject: { claim: 'oid' } }
    const { issuers } = trusted({ a: { issuer } }, rules)
    expect(issuers[issuer]).toMatchObject({ ...rules, subject: { claim: 'oid' } })
  })

  test.each<[string, object, string]>([
    ['no audience', { providers: { a: { issuer } } }, '"audience" is missing'],
    [
      'an issuer beside it',
      { providers: { a: { issuer } }, audience, issuer },
      '"issuer" must not be given together with "providers"',
    ],
    ['a function', { providers: () => undefined, audience }, 'Give a function as "issuer"'],
    ['an empty map', { providers: {}, audience }, '"providers" must be a map'],
    ['a list', { providers: [], audience }, '"providers" must be a map'],
    [
      'a provider without issuer',
      { providers: { a: { clientId: 'x' } }, audience },
      '"providers.a" must have an "issuer"',
    ],
    [
      'a function of tenants',
      { providers: { a: { issuer: 'https://id.example.com/{tenantid}', tenants: () => true } }, audience },
      '"providers.a" must have "tenants" as a list',
    ],
    ['an issuer that is not a URL', { providers: { a: { issuer: 'id' } }, audience }, 'id'],
    ['keys beside it', { providers: { a: { issuer } }, audience, jwksUri: `${issuer}/keys` }, '"jwksUri"'],
  ])('refuses %s', async (_what, options, message) => {
    const error = await failureOf(() => bearer(options as never))
    expect(error).toMatchObject({ code: 'invalid_options' })
    expect(error.message).toContain(message)
  })

  test('refuses a fetch that is not a function, and one beside a certificate for introspection', () => {
    const withFetch = (fetch: unknown, others = {}) => trusted({ a: { issuer, fetch } }, others)
    expect(() => withFetch('fetch')).toThrow('"providers.a" must have a function as "fetch"')
    const tls = { cert: 'a certificate', key: 'a key' }
    expect(() => withFetch(fetch, { introspection: { clientId: 'api', tls } })).toThrow(
      '"providers.a" must not have "fetch" with "introspection.tls"',
    )
  })

  test('reaches each provider by its own fetch, and the others by that beside them', async () => {
    const [one, two] = [
      apiProvider({ issuer: 'https://one.example.com' }),
      apiProvider({ issuer: 'https://two.example.com' }),
    ]
    const providers = { one: { issuer: one.issuer, fetch: one.fetch }, two: { issuer: two.issuer } }
    const { accept } = testApi({ issuer: undefined, providers, audience, fetch: two.fetch }, one)
    expect(await accept(one.accessToken())).toMatchObject({ provider: 'one' })
    expect(await accept(two.accessToken())).toMatchObject({ provider: 'two' })
  })

  test('accepts tokens of each, says which provider it was, and refuses those of others', async () => {
    const [one, two, stranger] = ['one', 'two', 'three'].map((name) =>
      apiProvider({ issuer: `https://${name}.example.com` }),
    )
    if (one === undefined || two === undefined || stranger === undefined) throw new Error('there are three')
    const fetch: typeof globalThis.fetch = (url, init) =>
      ([one, two, stranger].find((each) => String(url).startsWith(each.issuer)) ?? one).fetch(url, init)
    const providers = {
      first: { issuer: one.issuer, clientId: 'web' },
      second: { issuer: two.issuer, clientId: 'web' },
    }
    const { accept, refuse } = testApi({ issuer: undefined, providers, audience, fetch }, one)
    expect(await accept(one.accessToken())).toMatchObject({ issuer: one.issuer, provider: 'first', subject: 'alice' })
    expect(await accept(two.accessToken())).toMatchObject({ issuer: two.issuer, provider: 'second' })
    expect(reasonOf(await refuse(stranger.accessToken()))).toBe('token_issuer_mismatch')
    expect(reasonOf(await refuse(one.accessToken({ aud: 'web' })))).toBe('token_audience_mismatch')
  })
})
