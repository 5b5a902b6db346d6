import { describe, expect, test } from '@jest/globals'
import { hkdfSync } from 'node:crypto'
import { deriveKeys } from '../../lib/seal/seal.js'
import { faces } from '../kit/watching/marks.js'

const secrets = ['a secret for tests only, 32 characters at least', 'an older secret for tests, 32 characters']

describe('derived keys', () => {
  test('are HKDF-SHA-256 of the secret with the purpose in info, in every version', () => {
    const [key] = deriveKeys(secrets, ['session', 'oidc'])
    const info = 'key ["session","oidc"]'
    const expected = Buffer.from(hkdfSync('sha256', secrets[0] ?? '', 'express-oidc', info, 32))
    expect(key?.key.export()).toEqual(expected)
    expect(key?.kid).toMatch(/^[A-Za-z0-9_-]{8}$/)
  })

  test('differ by secret, and between the key and its ID', () => {
    const [first, second] = deriveKeys(secrets, ['session'])
    expect(first?.kid).not.toBe(second?.kid)
    expect(first?.key.equals(second?.key as never)).toBe(false)
    expect(first?.key.export().toString('base64url')).not.toContain(first?.kid)
  })

  test('do not show when they are printed', () => {
    const [key] = deriveKeys(secrets, ['session'])
    const printed = faces(key)
    expect(printed).toContain(key?.kid)
    for (const encoding of ['base64url', 'base64', 'hex'] as const)
      expect(printed).not.toContain(key?.key.export().toString(encoding))
  })
})
