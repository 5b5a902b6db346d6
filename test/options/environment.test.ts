import { afterEach, describe, expect, test } from '@jest/globals'
import { ConfigurationError } from '../../lib/errors.js'
import { optionsFromEnv } from '../../lib/options/environment.js'
import { parseOidcOptions } from '../../lib/options/oidc/schema.js'
import { systemRuntime } from '../../lib/base/runtime.js'

const environment = {
  ISSUER: 'https://op.example.com',
  CLIENT_ID: 'web',
  CLIENT_SECRET: 'the client secret',
  BASE_URL: 'https://app.example.com',
  SESSION_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789',
}

describe('optionsFromEnv()', () => {
  const before = process.env['ISSUER']
  afterEach(() => {
    if (before === undefined) delete process.env['ISSUER']
    else process.env['ISSUER'] = before
  })

  test('reads options that oidc() accepts', () => {
    const options = optionsFromEnv(environment)
    expect(options).toEqual({
      issuer: 'https://op.example.com',
      clientId: 'web',
      clientSecret: 'the client secret',
      baseUrl: 'https://app.example.com',
      secret: ['abcdefghijklmnopqrstuvwxyz0123456789'],
    })
    expect(parseOidcOptions(options)).toMatchObject(options)
  })

  test('trims values, and splits several secrets at white space', () => {
    const SESSION_SECRET = ` ${environment.SESSION_SECRET}\n${environment.SESSION_SECRET.toUpperCase()} `
    expect(optionsFromEnv({ ...environment, ISSUER: ' https://op.example.com\n', SESSION_SECRET })).toMatchObject({
      issuer: 'https://op.example.com',
      secret: [environment.SESSION_SECRET, environment.SESSION_SECRET.toUpperCase()],
    })
  })

  test.each([undefined, '', '  '])('makes a public client of CLIENT_SECRET %p', (CLIENT_SECRET) => {
    expect(optionsFromEnv({ ...environment, CLIENT_SECRET })).not.toHaveProperty('clientSecret')
  })

  test('names every missing variable at once', () => {
    const missing = (env: Record<string, string | undefined>) => () => optionsFromEnv(env)
    expect(missing({})).toThrow(ConfigurationError)
    expect(missing({})).toThrow(expect.objectContaining({ code: 'missing_environment', status: 500 }))
    expect(missing({})).toThrow('set ISSUER, CLIENT_ID, BASE_URL, SESSION_SECRET in the environment (4 of 4')
    expect(missing({ ...environment, CLIENT_ID: ' ', SESSION_SECRET: undefined })).toThrow(
      'set CLIENT_ID, SESSION_SECRET in the environment (2 of 4',
    )
  })

  test('reads the environment of the process by default', () => {
    process.env['ISSUER'] = 'https://op.example.com'
    expect(() => optionsFromEnv()).not.toThrow(/ISSUER,/)
    expect(() => optionsFromEnv()).toThrow('CLIENT_ID')
  })
})

test('the system runtime has the real clock and secure randomness', () => {
  const [before, now, after] = [Date.now(), systemRuntime.now(), Date.now()]
  expect([before <= now, now <= after]).toEqual([true, true])
  expect(systemRuntime.randomBytes(16)).toHaveLength(16)
  expect(systemRuntime.randomBytes(16)).not.toEqual(systemRuntime.randomBytes(16))
})
