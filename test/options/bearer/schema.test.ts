import { describe, expect, test } from '@jest/globals'
import { ConfigurationError } from '../../../lib/errors.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { audience } from '../../kit/provider/provider.js'

const issuer = 'https://issuer.example.com'
const metadataUrl = `${issuer}/.well-known/openid-configuration`
const problemOf = (options: unknown): string => {
  try {
    parseBearerOptions(options)
    return 'accepted'
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError)
    return (error as ConfigurationError).message
  }
}

describe('an option of bearer()', () => {
  test.each([
    ['nothing', undefined, /object/i],
    ['no issuer', { audience }, /"issuer" is missing/],
    ['an issuer that is not a URL', { issuer: 'issuer', audience }, /"issuer"/],
    ['an issuer with a query', { issuer: `${issuer}?x`, audience }, /"issuer"/],
    ['an empty list of issuers', { issuer: [], audience }, /"issuer"/],
    ['an empty map of issuers', { issuer: {} }, /at least one issuer/],
    ['a map with an audience beside it', { issuer: { [issuer]: { audience } }, audience }, /in the map/],
    ['a typo', { issuer, audience, algoritms: ['RS256'] }, /did you mean "algorithms"\?/],
    ['a typo below', { issuer, audience, cache: { maxEntrys: 5 } }, /"cache/],
    ['no algorithm', { issuer, audience, algorithms: [] }, /"algorithms"/],
    ['a tolerance of ten minutes', { issuer, audience, clockToleranceSeconds: 600 }, /clockToleranceSeconds/],
    ['a format without introspection', { issuer, audience, tokenFormat: 'opaque' }, /introspection/],
    [
      'introspection that is never used',
      { issuer, audience, tokenFormat: 'jwt', introspection: { clientId: 'x' } },
      /never/,
    ],
    [
      'introspection at one of several',
      { issuer: [issuer, `${issuer}/b`], audience, introspection: { clientId: 'x' } },
      /introspection\.issuer/,
    ],
    [
      'a method without its secret',
      { issuer, audience, introspection: { clientId: 'x', clientAuthentication: 'client_secret_post' } },
      /clientSecret/,
    ],
    [
      'two sources of keys',
      { issuer, audience, jwks: { keys: [] }, publicKey: '-----BEGIN PUBLIC KEY-----' },
      /at most one/,
    ],
    ['an unknown mode of DPoP', { issuer, audience, dpop: 'on' }, /"dpop/],
    ['a weak secret for nonces', { issuer, audience, dpop: { mode: 'allowed', nonce: { secret: 'x' } } }, /"dpop/],
    [
      'a replay cache that is not one',
      { issuer, audience, dpop: { mode: 'allowed', replayCache: {} } },
      /add\(key, ttlSeconds\)/,
    ],
  ])('%s is refused by name', (_what, options, message) => {
    expect(problemOf(options)).toMatch(message)
  })

  test('a certificate is not taken for "mtls", which is about those of callers', () => {
    expect(problemOf({ issuer, audience, tls: { ca: 'x' } })).toContain(
      '"tls" is not an option: did you mean "introspection.tls", or NODE_EXTRA_CA_CERTS for an authority ("mtls" is about',
    )
  })

  const other = 'https://other.example.com'
  test.each<[string, Record<string, unknown>, string]>([
    [
      'an unknown option',
      { [other]: { audience, algoritms: [] } },
      `"issuer[${other}].algoritms" is not an option: did you mean "algorithms"?`,
    ],
    ['no audience', { [other]: {} }, `"issuer[${other}].audience" is missing`],
    ['text instead of options', { [other]: audience }, `"issuer[${other}]" must be an object`],
    [
      'two sources of keys',
      { [other]: { audience, jwks: { keys: [] }, jwksUri: other } },
      `"issuer[${other}]" must have at most one of "jwks"`,
    ],
    [
      'a secret that is too short',
      { [other]: { audience, algorithms: ['HS512'], secret: 'x'.repeat(40) } },
      `"issuer[${other}]" must have secrets of at least`,
    ],
    ['something below', { [other]: { audience, subject: { claim: '' } } }, `"issuer[${other}].subject.claim"`],
    [
      'no audience for profile external',
      { [other]: { audience: null, profile: 'external' } },
      `with profile "external", for ${other}:`,
    ],
    [
      'an alias of another',
      { [other]: { audience, issuerAliases: [issuer] } },
      `twice in "issuer" and "issuerAliases", as ${issuer}:`,
    ],
    ['plain http', { 'http://other.example.com': { audience } }, 'must use https in "issuer" and "jwksUri"'],
    [
      'plain http of its metadata',
      { [other]: { audience, discoveryUrl: 'http://other.example.com/x' } },
      `not for ${other}`,
    ],
    ['a name that is not a URL', { other: { audience } }, '"issuer.other" must be'],
  ])('names the issuer of a map whose options are invalid: %s', (_what, wrong, message) => {
    expect(problemOf({ issuer: { [issuer]: { audience }, ...wrong } })).toContain(message)
  })

  test('is not repeated in a message where it may be a secret', () => {
    const secret = 'S3CR3T'
    for (const options of [
      { issuer, audience, secret, algorithms: ['HS256'] },
      {
        issuer,
        audience,
        introspection: { clientId: 'x', clientSecret: 5, clientAssertionKey: secret, cacheSeconds: 99 },
      },
      { issuer, audience, dpop: { mode: 'allowed', nonce: { secret } } },
      { issuer, audience, publicKey: secret },
    ]) {
      const problem = problemOf(options)
      expect(problem).not.toBe('accepted')
      expect(problem).not.toContain(secret)
    }
  })

  test('is frozen in the result, and unchanged in what the application gave', () => {
    const options = {
      issuer: [issuer],
      audience: [audience],
      cache: { maxEntries: 5 },
      jwks: { keys: [{ kty: 'RSA' }] },
    }
    const configuration = parseBearerOptions(options)
    expect(Object.isFrozen(configuration) && Object.isFrozen(configuration.cache)).toBe(true)
    expect(Object.isFrozen(options) || Object.isFrozen(options.jwks.keys[0]) || Object.isFrozen(options.cache)).toBe(
      false,
    )
    expect(configuration).toMatchObject({
      tokenFormat: 'jwt',
      profile: 'rfc9068',
      required: true,
      cache: { ttlSeconds: 60 },
    })
  })
})

test.each([
  ['alone', metadataUrl],
  ['in a list', [metadataUrl]],
  ['in a map', { [metadataUrl]: { audience: 'api' } }],
])('the URL of metadata is refused as an issuer: %s', (_where, issuer) => {
  const audience = typeof issuer === 'string' || Array.isArray(issuer) ? 'api' : undefined
  expect(() => parseBearerOptions({ issuer, audience })).toThrow('must be the issuer itself, without')
})

test.each([
  ['in a list', [issuer, 'https://login.example.com/{tenantid}/v2.0']],
  ['in a map', { [issuer]: { audience }, 'https://login.example.com/{tenantid}/v2.0': { audience } }],
])('a template of issuers is refused where its place is never filled: %s', (_where, given) => {
  const problem = problemOf({ issuer: given, ...(Array.isArray(given) ? { audience } : {}) })
  expect(problem).toBe(
    'bearer(): invalid options\n  - options must not have a template such as "https://login.example.com/{tenantid}/v2.0" in a list or a map as "issuer", ' +
      'since no token names it: give it as the only "issuer", with "tenants", or name the issuer of each tenant',
  )
})

test('a template of issuers needs tenants, and has one message without', () => {
  const problem = problemOf({ issuer: 'https://login.example.com/{tenantid}/v2.0', audience })
  expect(problem.split('\n')).toHaveLength(2)
  expect(problem).toContain('must have "tenants" if, and only if, "issuer" has one placeholder')
})
