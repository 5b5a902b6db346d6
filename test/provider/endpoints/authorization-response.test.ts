import { expect, test } from '@jest/globals'
import type { CodeExchange } from '../../../lib/provider/grants/authorization-code.js'
import {
  parseAuthorizationResponse,
  validateAuthorizationResponse,
} from '../../../lib/provider/endpoints/authorization-response.js'

const metadata = { issuer: 'https://issuer.example' }
const validate = (response: string) =>
  validateAuthorizationResponse(parseAuthorizationResponse(new URLSearchParams(response)), 's', metadata)
const exchangeOf = (response: CodeExchange['response']): Pick<CodeExchange, 'response'> => ({ response })

test('a checked authorization response holds the code, and nobody can change it', () => {
  const response = validate('code=c&state=s')
  expect(exchangeOf(response).response.code).toBe('c')
  expect(() => Object.assign(response, { code: 'other' })).toThrow(TypeError)
})

test('an object that only looks like a checked authorization response cannot be exchanged', () => {
  // @ts-expect-error -- a code that came from anywhere
  exchangeOf({ code: 'c' })
  // @ts-expect-error -- a copy
  exchangeOf({ ...validate('code=c&state=s') })
  // @ts-expect-error -- parameters that nobody has checked
  exchangeOf(new URLSearchParams('code=c&state=s'))
  // @ts-expect-error -- a response that was only taken apart
  exchangeOf(parseAuthorizationResponse(new URLSearchParams('code=c&state=s')))
})

test.each(['code=c&error=&state=s', 'error=access_denied&code=&state=s', 'code=&state=s'])(
  'an authorization response must hold either code or error: %s',
  (response) => {
    expect(() => validate(response)).toThrow(expect.objectContaining({ code: 'invalid_response' }))
  },
)

test.each(['id_token', 'access_token', 'token', 'response'])(
  'an authorization response with %s is of another flow',
  (name) => {
    expect(() => validate(`code=c&state=s&${name}=x`)).toThrow(expect.objectContaining({ code: 'invalid_response' }))
  },
)

test('an authorization response with two states belongs to no login', () => {
  expect(parseAuthorizationResponse(new URLSearchParams('code=c&state=s&state=s')).state).toBe('')
})
