import { describe, expect, test } from '@jest/globals'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { failureOf } from '../../kit/failure.js'

const issuer = 'https://op.example.com'
const secret = 'a secret for tests only, 32 characters at least'
const web = { issuer, clientId: 'web', baseUrl: 'https://app.example.com', secret }
const machine = { issuer, clientId: 'machine', clientSecret: 'secret-1' }
const api = { issuer, audience: 'https://api.example.com' }

type Given = Readonly<Record<string, unknown>>
const parsers = {
  'oidc()': (given: Given) => parseOidcOptions({ ...web, ...given }),
  'clientCredentials()': (given: Given) => parseClientCredentialsOptions({ ...machine, ...given }),
  'bearer()': (given: Given) => parseBearerOptions({ ...api, ...given }),
  'bearer() with a map of issuers': (given: Given) =>
    parseBearerOptions({ issuer: { [issuer]: { audience: api.audience, ...given } } }),
}

describe.each(Object.entries(parsers))('the description of a provider in %s', (_call, parse) => {
  test.each<Given>([
    { discoveryUrl: 'https://op.example.com/policy/v2.0/.well-known/openid-configuration?p=b2c_1_signin' },
    { metadata: { introspection_endpoint: 'https://admin.example.com/introspect' } },
    { metadata: { authorization_response_iss_parameter_supported: true, acr_values_supported: ['a'] } },
    { metadata: { mtls_endpoint_aliases: { token_endpoint: 'https://mtls.example.com/token' } } },
    { internalOrigin: 'http://keycloak:8080' },
    { internalOrigin: 'http://keycloak:8080', metadata: { jwks_uri: 'http://keycloak:8080/keys' } },
    { internalOrigin: 'http://keycloak:8080', discoveryUrl: 'http://keycloak:8080/metadata' },
  ])('may be %j', async (given) => {
    parse(given)
  })
})

const { 'bearer() with a map of issuers': _map, ...single } = parsers
describe.each(Object.entries(single))('the description of a provider in %s', (_call, parse) => {
  test.each<[Given, string]>([
    [
      { metadata: { mtls_endpoint_aliases: { token_endpoint: 'http://mtls.example.com/token' } } },
      'must use https in "discoveryUrl" and "metadata"',
    ],
    [{ metadata: { mtls_endpoint_aliases: 'mtls.example.com' } }, 'must be an object of endpoints'],
    [{ discoveryUrl: true }, '"discoveryUrl"'],
    [{ discoveryUrl: '/metadata' }, '"discoveryUrl"'],
    [{ discoveryUrl: 'http://op.example.com/metadata' }, 'must use https in "discoveryUrl" and "metadata"'],
    [{ metadata: 'x' }, '"metadata"'],
    [{ metadata: { issuer } }, 'metadata.issuer" must not be here: it is the option "issuer"'],
    [{ metadata: { introspection_endpoint: '/introspect' } }, 'metadata.introspection_endpoint"'],
    [{ metadata: { jwks_uri: 'http://op.example.com/keys' } }, 'must use https in "discoveryUrl" and "metadata"'],
    [{ metadata: { authorization_response_iss_parameter_supported: false } }, 'cannot be switched off'],
    [{ internalOrigin: 'http://keycloak:8080/auth' }, '"internalOrigin"'],
    [{ internalOrigin: 'keycloak:8080' }, '"internalOrigin"'],
    [
      { internalOrigin: 'http://keycloak:8080', metadata: { jwks_uri: 'http://other:8080/keys' } },
      'must use https in "discoveryUrl" and "metadata"',
    ],
  ])('cannot be %j', async (given, message) => {
    const { message: told } = await failureOf(() => parse(given))
    expect(told).toContain(message)
  })

  test('is copied: the object that was given is not frozen', () => {
    const metadata = { scopes_supported: ['a'] }
    parse({ metadata })
    expect([metadata, metadata.scopes_supported].some((value) => Object.isFrozen(value))).toBe(false)
  })
})

describe('without discovery', () => {
  const endpoints = {
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
  }
  const missing = (names: string) =>
    `must give ${names} in "metadata": with discoveryUrl false, nothing else names them`

  test.each<[keyof typeof parsers, Given, string]>([
    ['oidc()', {}, missing('authorization_endpoint, token_endpoint, jwks_uri')],
    ['oidc()', { metadata: { token_endpoint: `${issuer}/token` } }, missing('authorization_endpoint, jwks_uri')],
    ['clientCredentials()', { metadata: { jwks_uri: `${issuer}/keys` } }, missing('token_endpoint')],
    ['bearer()', { metadata: {} }, missing('jwks_uri or introspection_endpoint')],
    ['bearer() with a map of issuers', {}, missing('jwks_uri or introspection_endpoint')],
  ])('%s with %j names the members that are missing', async (call, given, message) => {
    const { message: told } = await failureOf(() => parsers[call]({ discoveryUrl: false, ...given }))
    expect(told).toContain(message)
  })

  test.each<[keyof typeof parsers, Given]>([
    ['oidc()', { metadata: endpoints }],
    [
      'oidc()',
      {
        metadata: { ...endpoints, jwks_uri: undefined },
        idTokenSigningAlg: 'HS256',
        clientSecret: 'a client secret of 32 bytes, at least',
      },
    ],
    ['clientCredentials()', { metadata: { token_endpoint: `${issuer}/token` } }],
    ['bearer()', { metadata: { jwks_uri: `${issuer}/keys` } }],
    ['bearer()', { metadata: { introspection_endpoint: `${issuer}/introspect` } }],
    ['bearer() with a map of issuers', { jwksUri: `${issuer}/keys` }],
  ])('%s accepts %j', (call, given) => {
    parsers[call]({ discoveryUrl: false, ...given })
  })
})

describe('a description beside several issuers', () => {
  test.each<Given>([
    { discoveryUrl: `${issuer}/metadata` },
    { metadata: { jwks_uri: `${issuer}/keys` } },
    { internalOrigin: 'http://keycloak:8080' },
  ])('%j is refused: it is about one issuer', async (given) => {
    const issuers = [issuer, 'https://other.example.com']
    const { message } = await failureOf(() => parseBearerOptions({ ...api, issuer: issuers, ...given }))
    expect(message).toContain('with one issuer only')
  })
})

describe('other spellings of the issuer', () => {
  test('in oidc() may be names that are not URLs', () => {
    const issuerAliases = ['op.example.com', 'http://op.example.com/trust']
    expect(parseOidcOptions({ ...web, issuerAliases })).toMatchObject({ issuerAliases })
  })

  test.each([[issuer], ['op.example.com', 'op.example.com']])('must not be the same twice: %p', async (...aliases) => {
    const { message } = await failureOf(() => parseOidcOptions({ ...web, issuerAliases: aliases }))
    expect(message).toContain('same spelling of the issuer twice')
  })
})
