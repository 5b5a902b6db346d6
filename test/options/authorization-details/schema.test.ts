import { describe, expect, test } from '@jest/globals'
import { clientCredentials, oidc } from '../../../lib/index.js'
import { detailTypesIn } from '../../../lib/options/authorization-details/schema.js'
import { parseAccessTokenOptions } from '../../../lib/options/oidc/access-token.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'

const base = {
  issuer: 'https://op.example.com',
  clientId: 'app',
  clientSecret: 'of the client',
  baseUrl: 'https://app.example.com',
  secret: 'a secret for tests only, 32 characters at least',
}
const details = [{ type: 'payment', amount: 5 }]
const json = JSON.stringify(details)

const cyclic: Record<string, unknown> = { type: 'payment' }
cyclic['self'] = cyclic

const wrong: readonly (readonly [string, unknown])[] = [
  ['no JSON', 'payment'],
  ['JSON of an object', '{"type":"payment"}'],
  ['an empty list', []],
  ['an empty list as JSON', '[]'],
  ['an object without a type', [{ amount: 5 }]],
  ['a type that is not text', [{ type: 5 }]],
  ['a list of texts', ['payment']],
  ['a cycle', [cyclic]],
  ['a BigInt', [{ type: 'payment', amount: 5n }]],
]

describe('authorization_details in options', () => {
  test.each([
    ['a list', details],
    ['JSON', json],
  ])('may be %s, and are sent as JSON', (_what, given) => {
    const params = { authorization_details: given, audience: 'x' }
    expect(parseOidcOptions({ ...base, authorizationParams: params }).authorizationParams).toEqual({
      authorization_details: json,
      audience: 'x',
    })
    expect(parseAccessTokenOptions({ authorizationDetails: given }).authorizationDetails).toBe(json)
  })

  test.each(wrong)('are refused when they are %s', (_what, given) => {
    const params = { authorization_details: given } as never
    expect(() => oidc({ ...base, authorizationParams: params })).toThrow(
      '"authorization_details" must be a list of objects, each with a "type" that is text, or the same as JSON',
    )
    expect(() => clientCredentials({ ...base, authorizationDetails: given } as never)).toThrow('must be a list of')
    expect(() => parseAccessTokenOptions({ authorizationDetails: given })).toThrow('must be a list of objects')
  })

  test('other parameters stay texts', () => {
    expect(() => oidc({ ...base, authorizationParams: { ui_locales: details } })).toThrow('must be a string')
  })

  test('have each type once', () => {
    expect(detailTypesIn('[{"type":"a"},{"type":"b"},{"type":"a"}]')).toEqual(['a', 'b'])
    expect(detailTypesIn(undefined)).toEqual([])
  })
})
