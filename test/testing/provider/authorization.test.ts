import { beforeEach, describe, expect, test } from '@jest/globals'
import { readOptions } from '../../../lib/testing/options.js'
import {
  type Decision,
  authorize,
  isUsualRedirect,
  readAuthorizationRequest,
} from '../../../lib/testing/provider/authorization.js'
import { answerPushed } from '../../../lib/testing/provider/token-services.js'
import { type ProviderState, newState } from '../../../lib/testing/provider/state.js'

const redirectUri = 'https://app.test/callback'
const usual = { client_id: 'web', redirect_uri: redirectUri, response_type: 'code' }
const clients = {
  web: { clientSecret: 's' },
  phone: {},
  listed: { clientSecret: 's', redirectUris: [redirectUri] },
}

let state: ProviderState
beforeEach(() => {
  state = newState(readOptions({ clients }))
})

/** The parameters that a browser comes back with. */
function answerTo(changes: Record<string, string>, decision?: Decision): Record<string, string> {
  const person = state.configuration.users.get('alice')
  const request = new URLSearchParams({ ...usual, ...changes })
  return Object.fromEntries(authorize(state, request, decision ?? { person }).parameters)
}

describe('an authorization request is refused', () => {
  test.each([
    ['for another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['with a request object', { request: 'a.b.c' }, 'request_not_supported'],
    ['for an unknown response mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['with malformed details', { authorization_details: '[{}]' }, 'invalid_authorization_details'],
    ['with a plain code challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['of a public client without a code challenge', { client_id: 'phone' }, 'invalid_request'],
  ])('%s', (_what, changes, error) => {
    expect(answerTo({ state: 'x', ...changes })).toEqual({ error, state: 'x', iss: state.configuration.issuer })
  })

  test('where nobody signs in', () => {
    expect(answerTo({}, {})).toMatchObject({ error: 'login_required' })
  })

  test.each([
    ['an unknown client', { client_id: 'nobody' }, 'this client is unknown'],
    ['an unregistered redirect URI', { client_id: 'listed', redirect_uri: 'https://evil.test/' }, 'not a redirect URI'],
    ['a redirect URI with a user', { redirect_uri: 'https://a:b@app.test/' }, 'not a redirect URI'],
    ['plain http elsewhere', { redirect_uri: 'http://app.test/' }, 'not a redirect URI'],
    ['a pushed request that does not exist', { request_uri: 'urn:x' }, 'unknown'],
    ['no client', { client_id: '' }, 'client_id is missing'],
  ])('without a redirect: %s', (_what, changes, message) => {
    expect(() => readAuthorizationRequest(state, new URLSearchParams({ ...usual, ...changes }))).toThrow(message)
  })

  test('which was pushed is without what the client has authenticated with', () => {
    const form = new URLSearchParams({ ...usual, client_secret: 's', client_assertion_type: 'x' })
    const url = new URL('https://provider.test/par')
    answerPushed(state, { method: 'POST', url, headers: new Headers(), form })
    const [request_uri = ''] = state.pushed.keys()
    const read = readAuthorizationRequest(state, new URLSearchParams({ client_id: 'web', request_uri }))
    expect(Object.fromEntries(read)).toEqual(usual)
  })

  test('if a client other than the one that pushed it sends it', () => {
    state.pushed.set('urn:x', { parameters: new URLSearchParams(usual), expiresAt: state.clock.seconds + 60 })
    const sent = new URLSearchParams({ client_id: 'listed', request_uri: 'urn:x' })
    expect(() => readAuthorizationRequest(state, sent)).toThrow('differs from the pushed request')
  })
})

test('an authorization request of a registered redirect URI gets a code, with what was asked', () => {
  const asked = {
    client_id: 'listed',
    acr_values: 'gold silver',
    nonce: 'n',
    dpop_jkt: 'k',
    response_mode: 'form_post',
  }
  const { code = '' } = answerTo(asked)
  expect(state.codes.get(code)?.grant).toMatchObject({ clientId: 'listed', acr: 'gold', nonce: 'n', jkt: 'k' })
  const decided = answerTo(asked, { person: state.configuration.users.get('bob'), acr: 'bronze', authTime: 5 })
  expect(state.codes.get(decided['code'] ?? '')?.grant).toMatchObject({ acr: 'bronze', authTime: 5 })
})

test.each([
  ['https://app.test/', true, false],
  ['http://localhost:3000/', true, true],
  ['http://127.0.0.1/', true, true],
  ['https://localhost/', true, true],
  ['http://app.test/', false, false],
  ['https://app.test/#x', false, false],
  ['ftp://localhost/', false, false],
  ['not a URL', false, false],
])('%s is a usual redirect URI: %s; where all are local: %s', (uri, isUsual, isLocal) => {
  expect([isUsualRedirect(uri, false), isUsualRedirect(uri, true)]).toEqual([isUsual, isLocal])
})
