import { describe, expect, test } from '@jest/globals'
import { type ClientCredentialsOptions, clientCredentials } from '../../../lib/index.js'
import { parseClientCredentialsOptions } from '../../../lib/options/client/schema.js'
import { failureOf } from '../../kit/failure.js'
import { keyPair } from '../../kit/key-pair.js'

const least = { issuer: 'https://issuer.example', clientId: 'machine', clientSecret: 'secret-1' }
const { clientSecret: _secret, ...anonymous } = least

describe('the options of clientCredentials()', () => {
  test('have defaults, and are frozen', () => {
    const configuration = parseClientCredentialsOptions(least)
    expect(configuration).toEqual({
      ...least,
      scope: '',
      resource: [],
      audience: [],
      params: {},
      cacheMaxEntries: 1000,
      httpTimeoutSeconds: 5,
      dangerouslyAllowHttp: false,
    })
    expect(Object.isFrozen(configuration)).toBe(true)
  })

  test('leave the caller’s object unchanged', () => {
    const clientAssertionKey = keyPair('ed25519').privateKey.export({ format: 'jwk' })
    const options = { ...least, clientAssertionKey, resource: ['https://api.example.com'], allowedOrigins: [] }
    clientCredentials(options)
    expect([clientAssertionKey, options.resource, options.allowedOrigins].some((value) => Object.isFrozen(value))).toBe(
      false,
    )
  })

  test.each<[Record<string, unknown>, string]>([
    [{}, '"issuer" is missing: expected the provider\'s issuer URL'],
    [{ ...least, issuer: 'http://issuer.example' }, 'must use https in "issuer"'],
    [{ ...least, clientID: 'x' }, '"clientID" is not an option: did you mean "clientId"?'],
    [anonymous, 'must give "clientSecret", "clientAssertionKey", "clientKeys", "clientAssertion" or "tls"'],
    [{ ...least, clientSecret: '' }, '"clientSecret"'],
    [{ ...least, clientSecret: 7 }, '"clientSecret" must be a non-empty string or a function'],
    [{ ...least, clientAuthentication: 'none' }, '"clientAuthentication" must be client_secret_basic'],
    [
      { ...least, clientAuthentication: 'private_key_jwt' },
      'must give "clientAssertionKey" or "clientAssertion" or "clientKeys" for private_key_jwt',
    ],
    [{ ...anonymous, clientAssertionKey: 'x', clientAuthentication: 'client_secret_post' }, 'must give "clientSecret"'],
    [{ ...least, clientAssertionKey: {} }, '"clientAssertionKey" must be a PKCS#8 PEM, a private JWK or a function'],
    [{ ...least, clientAssertionKey: 'x' }, 'clientAssertionKey must be a private key: PKCS#8 PEM or JWK'],
    [{ ...least, scope: ['a'] }, '"scope" must be scopes separated by spaces'],
    [{ ...least, resource: 'api' }, '"resource" must be an absolute URI without fragment, or a list of them'],
    [{ ...least, audience: [''] }, 'must be the name of a service, or a list of them'],
    [{ ...least, allowedOrigins: ['https://api.example.com/'] }, 'must be an origin such as "https://www.example.com"'],
    [{ ...least, cacheMaxEntries: 0 }, '"cacheMaxEntries" must be a whole number from 1 to 100000'],
    [{ ...least, cacheMaxEntries: '1' }, '"cacheMaxEntries" must be a whole number from 1 to 100000'],
    [{ ...least, httpTimeoutSeconds: 61 }, '"httpTimeoutSeconds" must be a number of seconds from 0.1 to 60'],
    [{ ...least, fetch: 'x' }, '"fetch" must be a function'],
    [{ ...least, dangerouslyAllowHttp: 1 }, '"dangerouslyAllowHttp" must be true or false'],
  ])('%# are refused with a message that says what to do, without secrets', async (options, message) => {
    const error = await failureOf(() => clientCredentials(options as unknown as ClientCredentialsOptions))
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'invalid_options' })
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('secret-1')
  })

  test('allow plain http on loopback, and elsewhere by the dangerous permission', () => {
    expect(() => clientCredentials({ ...least, issuer: 'http://127.0.0.1:9' })).not.toThrow()
    const issuer = 'http://issuer.internal'
    expect(() => clientCredentials({ ...least, issuer, dangerouslyAllowHttp: true })).not.toThrow()
  })
})
