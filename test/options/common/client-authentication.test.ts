import { expect, test } from '@jest/globals'
import { isMutualTls, methodChoice, missingCredential } from '../../../lib/options/common/client-authentication.js'

test.each([
  [
    'login',
    'client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, self_signed_tls_client_auth or none',
  ],
  [
    'machine',
    'client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth or self_signed_tls_client_auth',
  ],
  [
    'introspection',
    'client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, self_signed_tls_client_auth or none',
  ],
] as const)('the method %s accepts %s', (user, names) => {
  const [methods, message] = methodChoice(user)
  expect(message).toBe(`must be ${names}`)
  expect([...methods]).toEqual(names.split(/, | or /))
})

test.each([
  ['client_secret_basic', '"clientSecret"'],
  ['client_secret_post', '"clientSecret"'],
  ['client_secret_jwt', '"clientSecret"'],
  ['private_key_jwt', '"clientAssertionKey" or "clientAssertion" or "clientKeys"'],
  ['tls_client_auth', undefined],
  ['self_signed_tls_client_auth', undefined],
  ['none', undefined],
] as const)('the method %s needs %p', (clientAuthentication, credential) => {
  expect(missingCredential({ clientAuthentication })).toBe(credential)
  expect(missingCredential({ clientAuthentication, clientSecret: 'x', clientAssertionKey: 'x' })).toBeUndefined()
})

test('no credential is missing where no method was chosen', () => {
  expect(missingCredential({})).toBeUndefined()
})

test('two of these methods authenticate by the connection', () => {
  expect(methodChoice('introspection')[0].filter(isMutualTls)).toEqual([
    'tls_client_auth',
    'self_signed_tls_client_auth',
  ])
  expect(isMutualTls(undefined)).toBe(false)
})
