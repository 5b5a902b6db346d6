import { describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { weaknessOf } from '../../lib/options/weak-secret.js'

const random = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4'

describe('a secret is refused', () => {
  test.each([
    'change-me-change-me-change-me-change-me',
    'CHANGEME_CHANGEME_CHANGEME_CHANGEME_x1',
    'change this to something long and random',
    'replace_this_with_a_random_secret_of_32_chars',
    'your-secret-key-goes-here-1234567890',
    'your own very long secret, 32 characters',
    '<placeholder for the session secret>',
    'keyboard cat keyboard cat keyboard cat',
    '$(openssl rand -base64 48)-of-my-env-file',
  ])('which stands in examples to be replaced: %s', (secret) => {
    expect(weaknessOf([secret])).toBe('a placeholder, such as "change-me"')
  })

  test.each([
    ['too short', ['abc'], '3 characters'],
    ['of one letter', ['a'.repeat(40)], 'only 1 different characters'],
    ['the second of two', [random, 'abc'], /^3 characters in secret 2 of 2; optionsFromEnv\(\)/],
    ['a placeholder after a good one', [random, 'change-me-'.repeat(4)], /^a placeholder.* in secret 2 of 2/],
  ])('that is %s', (_what, secrets, message) => {
    expect(weaknessOf(secrets)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  })
})

describe('a secret is fine', () => {
  test.each([random, 'a secret for tests only, 32 characters at least', '0123456789abcdef0123456789abcdef'])(
    'if it is long and varied: %s',
    (secret) => expect(weaknessOf([secret])).toBeUndefined(),
  )

  test('if it is random', () => {
    const secrets = Array.from({ length: 5000 }, () => randomBytes(48).toString('base64'))
    expect(weaknessOf(secrets)).toBeUndefined()
  })
})
