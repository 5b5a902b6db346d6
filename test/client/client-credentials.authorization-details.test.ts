import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { type ClientCredentialsOptions, clientCredentials, type TokenTargetOptions } from '../../lib/index.js'
import { failureOf } from '../kit/failure.js'
import { type RealProvider, startRealProvider } from '../provider-real/provider.js'
import { richAuthorization } from '../provider-real/rich-authorization.js'

const resource = 'https://api.example.com'
const small = { type: 'payment', amount: 5 }
const large = { type: 'payment', amount: 500 }

let op: RealProvider
beforeAll(async () => {
  op = await startRealProvider({
    overrides: {
      clientDefaults: { authorization_details_types: ['payment'] },
      features: { richAuthorizationRequests: richAuthorization('payment') },
    },
  })
})
afterAll(() => op.close())

const sourceOf = (options: Partial<ClientCredentialsOptions> = {}) =>
  clientCredentials({ issuer: op.issuer, ...op.machine, resource, ...options })
const detailsOf = (token: string) => decodeJwt(token)['authorization_details']

describe('authorizationDetails of a machine at a real provider', () => {
  test('are in the token', async () => {
    const source = sourceOf({ authorizationDetails: [small] })
    expect(detailsOf(await source.getToken())).toEqual([small])
  })

  test('give way to those of one call, and each has a token of its own', async () => {
    const source = sourceOf({ authorizationDetails: [small] })
    const first = await source.getToken()
    const other = await source.getToken({ authorizationDetails: [large] })
    expect(detailsOf(other)).toEqual([large])
    expect(await source.getToken({ authorizationDetails: JSON.stringify([large]) })).toBe(other)
    expect(await source.getToken({ scope: '' })).toBe(first)
  })

  test('are asked for by no default', async () => {
    expect(detailsOf(await sourceOf().getToken())).toBeUndefined()
  })

  test('of an unknown type are refused', async () => {
    const error = await failureOf(sourceOf({ authorizationDetails: [{ type: 'credit' }] }).getToken())
    expect(error).toMatchObject({ name: 'TokenEndpointError', code: 'token_request_failed' })
  })

  test.each<[string, unknown]>([
    ['a list without types', [{ amount: 5 }]],
    ['no JSON', 'payment'],
    ['a number', 5],
    ['a BigInt', [{ type: 'payment', amount: 5n }]],
  ])('that are %s are refused before anything is sent', async (_what, authorizationDetails) => {
    const before = op.requests.length
    const target = { authorizationDetails } as TokenTargetOptions
    expect(await failureOf(sourceOf().getToken(target))).toMatchObject({ code: 'invalid_options' })
    expect(op.requests).toHaveLength(before)
  })
})

describe('RA04: a token response with malformed authorization_details', () => {
  test('brings no token', async () => {
    const spoilt: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (!new URL(String(input)).pathname.endsWith('/token')) return response
      return Response.json({ ...((await response.json()) as object), authorization_details: 'all' })
    }
    const error = await failureOf(sourceOf({ fetch: spoilt }).getToken())
    expect(error).toMatchObject({ name: 'TokenEndpointError', code: 'token_response_invalid' })
  })
})
