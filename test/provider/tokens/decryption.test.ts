import { describe, expect, test } from '@jest/globals'
import { type DecryptionSettings, createDecryption } from '../../../lib/provider/tokens/decryption.js'
import { importDecryptionKeys } from '../../../lib/jose/decryption-key.js'
import { failureOf } from '../../kit/failure.js'
import { mint } from '../../kit/provider/keys.js'
import { FakeProvider } from '../../kit/provider/provider.js'
import { encrypted, keysByKind, rsaPair } from '../../kit/provider/encryption.js'

const { rsa, ec } = keysByKind
const decryption = (changes: Partial<DecryptionSettings> = {}) =>
  createDecryption({
    token: 'ID Token',
    keys: importDecryptionKeys('decryptionKeys', [{ ...rsa.jwk, kid: 'k' }]),
    option: 'decryptionKeys',
    isRequired: true,
    registration: 'id_token_encrypted_response_alg',
    ...changes,
  })
const signed = await mint(new FakeProvider().claims())
const jwe = await encrypted(signed, rsa)

describe('where encryption was agreed', () => {
  test('the token inside is returned', async () => {
    expect(await decryption()(jwe)).toBe(signed)
  })

  test('a token that is not encrypted is refused, with the setting that switches it on', async () => {
    const error = await failureOf(decryption()(signed))
    expect(error).toMatchObject({ code: 'token_not_encrypted', status: 502 })
    expect(error.message).toContain('the ID Token is not encrypted')
    expect(error.message).toContain('id_token_encrypted_response_alg')
  })

  test.each([
    ['claims without a signature', async () => encrypted(JSON.stringify(new FakeProvider().claims()), rsa)],
    ['another encrypted token', async () => encrypted(jwe, rsa)],
    ['an empty text', async () => encrypted('', rsa)],
  ])('%s inside is refused: it has to be a signed token', async (_what, make) => {
    const error = await failureOf(decryption()(await make()))
    expect(error).toMatchObject({ code: 'token_malformed' })
    expect(error.message).toContain('what is inside is not a signed token')
  })

  test('all failures look alike', async () => {
    const [head = '', key = '', iv = '', text = '', tag = ''] = jwe.split('.')
    const last = (segment: string) => segment.slice(0, -4) + 'AAAA'
    const failures = [
      [head, last(key), iv, text, tag].join('.'),
      [head, key, last(iv), text, tag].join('.'),
      [head, key, iv, last(text), tag].join('.'),
      [head, key, iv, text, last(tag)].join('.'),
      [head, '', iv, text, tag].join('.'),
      [head, key, iv, text, ''].join('.'),
      ['AAAA', key, iv, text, tag].join('.'),
      '....',
      await encrypted(signed, rsaPair()),
      await encrypted(signed, rsa, { kid: 'other' }),
      await encrypted(signed, rsa, { alg: 'RSA-OAEP' }),
      await encrypted(signed, ec, { alg: 'ECDH-ES' }),
    ].map((token) => failureOf(decryption()(token)))
    const seen = (await Promise.all(failures)).map(({ name, code, message, cause }) => ({ name, code, message, cause }))
    expect(new Set(seen.map((error) => JSON.stringify(error)))).toHaveProperty('size', 1)
    expect(seen[0]).toMatchObject({ name: 'TokenValidationError', code: 'token_decryption_failed', cause: undefined })
    expect(seen[0]?.message).toContain('accepts RSA-OAEP-256, ECDH-ES')
  })

  test('a token that is far too long is refused before anything is decrypted', async () => {
    const long = await encrypted(`${signed}${'x'.repeat(30_000)}`, rsa)
    expect(await failureOf(decryption()(long))).toMatchObject({ code: 'token_malformed' })
    expect(await decryption({ maxBytes: 65_536 })(long)).toContain(signed)
  })
})

describe('where encryption was not agreed', () => {
  test('signed tokens pass, and so do texts of any other shape', async () => {
    for (const token of [signed, '', 'x', '{}']) expect(await decryption({ isRequired: false })(token)).toBe(token)
  })

  test('an encrypted token is decrypted all the same if there are keys', async () => {
    expect(await decryption({ isRequired: false })(jwe)).toBe(signed)
  })

  test('an encrypted token without keys is refused, with the option and the setting that switches it off', async () => {
    const error = await failureOf(decryption({ keys: [], isRequired: false })(jwe))
    expect(error).toMatchObject({ code: 'token_decryption_failed', status: 502 })
    expect(error.message).toBe(
      'the ID Token is encrypted: give "decryptionKeys", or switch id_token_encrypted_response_alg off at the client',
    )
  })
})
