import { describe, expect, test } from '@jest/globals'
import { refusalOf, testApi } from '../kit/resource-server/api.js'

describe('challengeScope', () => {
  test.each([
    ['text', 'mcp:tools mcp:read'],
    ['a list', ['mcp:tools', 'mcp:read']],
  ])('is asked for where a token is missing or invalid: %s', async (_what, challengeScope) => {
    const { validator, refuse } = testApi({ challengeScope })
    const missing = await refusalOf(validator.validate(undefined))
    expect(missing.headers['WWW-Authenticate']).toBe('Bearer scope="mcp:tools mcp:read"')
    expect((await refuse('x')).headers['WWW-Authenticate']).toMatch(
      /^Bearer error="invalid_token".* scope="mcp:tools mcp:read"$/,
    )
  })

  test('is not there unless it is given', async () => {
    const missing = await refusalOf(testApi().validator.validate(undefined))
    expect(missing.headers['WWW-Authenticate']).toBe('Bearer')
  })

  test.each(['', 'a"b', ' a', [''], ['a b', 'c"'], 5])('is refused as %j', (challengeScope) => {
    expect(() => testApi({ challengeScope })).toThrow(/"challengeScope" must be scopes/)
  })
})
