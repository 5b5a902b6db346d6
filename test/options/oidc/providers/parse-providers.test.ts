import { describe, expect, test } from '@jest/globals'
import { oidc } from '../../../../lib/index.js'
import { hasProviders, parseProvidersOptions } from '../../../../lib/options/oidc/providers/parse-providers.js'
import { entra, google } from '../../../../lib/providers/index.js'

const one = { issuer: 'https://one.example.com', clientId: 'at-one', clientSecret: 'secret' }
const two = { issuer: 'https://two.example.com', clientId: 'at-two', clientSecret: 'secret' }
const application = { baseUrl: 'https://app.example.com', secret: 'a secret for tests only, 32 characters at least' }
const options = { ...application, providers: { one, two } }

function problemOf(changes: object): string {
  try {
    parseProvidersOptions({ ...options, ...changes })
    return 'none'
  } catch (error) {
    return error instanceof Error ? error.message : 'no error'
  }
}

describe('options of several providers', () => {
  test('are told from those of one', () => {
    expect([hasProviders(options), hasProviders({ ...application, ...one })]).toEqual([true, false])
  })

  test('give each provider its own, and what is beside them where it has none', () => {
    const { providers } = parseProvidersOptions({
      ...options,
      providers: { one: { ...one, label: 'One', scope: 'openid', logout: { params: { a: '1' } } }, two },
      scope: 'openid email',
      logout: { returnTo: '/bye', revoke: false },
    })
    expect(providers).toMatchObject([
      { name: 'one', label: 'One', configuration: { scope: 'openid', logout: { revoke: false, params: { a: '1' } } } },
      { name: 'two', label: 'two', configuration: { scope: 'openid email', logout: { returnTo: '/bye' } } },
    ])
  })

  test('that are undefined for one provider leave it what is given for all', () => {
    const { providers } = parseProvidersOptions({
      ...options,
      providers: { one: { ...one, scope: undefined, logout: { revoke: undefined } } },
      scope: 'openid email',
      logout: { revoke: false },
    })
    expect(providers).toMatchObject([{ configuration: { scope: 'openid email', logout: { revoke: false } } }])
  })

  test('may be an algorithm for all that needs the secret of each', () => {
    const secret = 'x'.repeat(32)
    const { providers, ...others } = parseProvidersOptions({
      ...options,
      idTokenSigningAlg: 'HS256',
      providers: { one: { ...one, clientSecret: secret } },
    })
    expect(providers).toMatchObject([{ configuration: { idTokenSigningAlg: 'HS256', clientSecret: secret } }])
    expect(others).not.toHaveProperty('clientSecret')
    expect(problemOf({ idTokenSigningAlg: 'HS256' })).toContain('oidc({ providers: { one } }): invalid options')
  })

  test('take presets, and do not freeze what the application has given', () => {
    const given = {
      google: { ...google(), clientId: 'a' },
      work: { ...entra({ tenant: '8eaef023-2b34-4da1-9baa-8bc8c9d6a490' }), clientId: 'b' },
    }
    const metadata = { end_session_endpoint: 'https://one.example.com/bye' }
    parseProvidersOptions({ ...options, providers: { ...given, one: { ...one, metadata } } })
    expect([Object.isFrozen(given.google), Object.isFrozen(metadata)]).toEqual([false, false])
  })

  test.each([
    ['no provider', { providers: {} }, '"providers" must name at least one provider'],
    ['a list', { providers: [one] }, '"providers" must be an object of providers by name'],
    ['a name that is a path', { providers: { 'a/b': one } }, 'must have names of letters, digits'],
    ['an empty name', { providers: { '': one } }, 'must have names of letters, digits'],
    ['two dots', { providers: { '..': one } }, 'must have names of letters, digits'],
    ['issuer beside them', { issuer: one.issuer }, '"issuer" must not be given together with "providers"'],
    [
      'a client secret beside them',
      { clientSecret: 'x' },
      '"clientSecret" must not be given together with "providers"',
    ],
    ['silentLogin', { silentLogin: true }, '"silentLogin" must not be on with "providers"'],
    ['no login route', { routes: { login: false } }, '"routes.login" must not be false with "providers"'],
    [
      'a route where a provider has its own',
      { routes: { login: '/auth', logout: '/auth/two' } },
      '"routes" must leave /auth/two to the provider of that name',
    ],
    [
      'a fetch whose addresses would be checked',
      { providers: () => undefined, fetch },
      '"fetch" together with a function "providers" needs "allowPrivateAddresses: true"',
    ],
    ['a mistyped option', { provider: {} }, '"provider" is not an option'],
    ['a short secret', { secret: 'short' }, '"secret" must be random'],
    ['a cache of nothing', { providerCache: { maxEntries: 0 } }, '"providerCache.maxEntries" must be a whole number'],
    [
      'a secret of one provider',
      { providers: { one: { ...one, secret: 'x' } } },
      'oidc({ providers: { one } }): invalid options\n  - "secret" belongs to the whole application',
    ],
    [
      'a page of one provider',
      { providers: { one: { ...one, logout: { returnTo: '/x' } } } },
      '"logout.returnTo" belongs to the whole application',
    ],
    [
      'an invalid issuer',
      { providers: { one, two: { ...two, issuer: 'two' } } },
      'oidc({ providers: { two } }): invalid options\n  - "issuer" must be',
    ],
    [
      'no options',
      { providers: { one: null } },
      'oidc({ providers: { one } }): invalid options\n  - the provider must be an object',
    ],
    ['a logout that is not an object', { providers: { one: { ...one, logout: true } } }, '"logout" must be an object'],
    ['a label that is not text', { providers: { one: { ...one, label: 1 } } }, '"label" must be a string'],
  ])('with %s are refused', (_what, changes, message) => {
    expect(problemOf(changes)).toContain(message)
  })

  test('and those of one provider do not go together, for the compiler either', () => {
    // @ts-expect-error -- issuer is an option of each provider
    expect(() => oidc({ ...options, issuer: 'https://one.example.com' })).toThrow(
      '"issuer" must not be given together with "providers"',
    )
  })

  test('make the middleware', () => {
    const middleware = oidc(options)
    expect(Object.keys(middleware.health().providers)).toEqual(['one', 'two'])
    middleware.close()
  })
})
