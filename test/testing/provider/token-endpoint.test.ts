import { beforeEach, describe, expect, test } from '@jest/globals'
import { readOptions } from '../../../lib/testing/options.js'
import { authorize } from '../../../lib/testing/provider/authorization.js'
import { OAuthError } from '../../../lib/testing/provider/answers.js'
import { type ProviderState, newKey, newState } from '../../../lib/testing/provider/state.js'
import { answerToken } from '../../../lib/testing/provider/token-endpoint.js'

const redirectUri = 'https://app.test/callback'
const clients = { web: { clientSecret: 's' }, other: { clientSecret: 'o' } }

let state: ProviderState
beforeEach(() => {
  state = newState(readOptions({ clients }))
})

type Form = Readonly<Record<string, string>>

/** What the token endpoint answers, or the error that it refuses with. */
async function ask(form: Form, client: Form = { client_id: 'web', client_secret: 's' }): Promise<Form> {
  const url = new URL('https://provider.test/token')
  try {
    const body = new URLSearchParams({ ...client, ...form })
    return (await answerToken(state, { method: 'POST', url, headers: new Headers(), form: body }).json()) as Form
  } catch (error) {
    if (error instanceof OAuthError) return { error: error.error, description: error.message }
    throw error
  }
}

function code(changes: Form = {}): string {
  const asked = { client_id: 'web', redirect_uri: redirectUri, response_type: 'code', scope: 'openid a', ...changes }
  const person = state.configuration.users.get('alice')
  return authorize(state, new URLSearchParams(asked), { person }).parameters.get('code') ?? ''
}

const redeem = (changes: Form = {}, client?: Form) =>
  ask({ grant_type: 'authorization_code', redirect_uri: redirectUri, code: code(), ...changes }, client)

describe('a code', () => {
  test('brings tokens, once', async () => {
    const own = code()
    expect(await redeem({ code: own })).toMatchObject({ token_type: 'Bearer', scope: 'openid a' })
    expect(await redeem({ code: own })).toMatchObject({ error: 'invalid_grant' })
  })

  test('brings nothing after its minute', async () => {
    const own = code()
    state.clock.advance(61)
    expect(await redeem({ code: own })).toMatchObject({ error: 'invalid_grant' })
  })

  test.each([
    ['for another redirect URI', { redirect_uri: 'https://app.test/other' }, undefined],
    ['with a verifier that proves nothing', {}, { code_challenge: 'x', code_challenge_method: 'S256' }],
  ])('is refused %s', async (_what, sent, asked) => {
    expect(await redeem({ code: code(asked), ...sent })).toMatchObject({ error: 'invalid_grant' })
  })

  test('is refused for another client', async () => {
    const client = { client_id: 'other', client_secret: 'o' }
    expect(await redeem({}, client)).toMatchObject({ error: 'invalid_grant' })
  })

  test('that is bound to a key is refused without its proof', async () => {
    expect(await redeem({ code: code({ dpop_jkt: 'k' }) })).toMatchObject({ error: 'invalid_dpop_proof' })
  })

  test('brings tokens for the API that is named, and for no scope beyond the grant', async () => {
    expect(await redeem({ resource: 'https://orders.test' })).not.toHaveProperty('error')
    expect(await redeem({ scope: 'openid b' })).toMatchObject({ error: 'invalid_scope' })
  })
})

describe('a refresh token', () => {
  test('is used once, and a second use ends the login', async () => {
    const { refresh_token: first = '' } = await redeem()
    const refresh = (token: string) => ask({ grant_type: 'refresh_token', refresh_token: token })
    const { refresh_token: second = '' } = await refresh(first)
    expect(second).not.toBe('')
    expect(await refresh(first)).toMatchObject({ error: 'invalid_grant' })
    expect(await refresh(second)).toMatchObject({ error: 'invalid_grant' })
  })

  test('of another client is refused', async () => {
    const { refresh_token: token = '' } = await redeem()
    const other = { client_id: 'other', client_secret: 'o' }
    expect(await ask({ grant_type: 'refresh_token', refresh_token: token }, other)).toMatchObject({
      error: 'invalid_grant',
    })
  })
})

describe('a token exchange', () => {
  const exchange = (token: string, more: Form = {}) =>
    ask({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: token, ...more })

  test('takes access tokens and ID Tokens of people', async () => {
    const { access_token: access = '', id_token: id = '' } = await redeem()
    expect(await exchange(access)).toMatchObject({ scope: 'openid a', token_type: 'Bearer' })
    expect(await exchange(id, { scope: 'b', audience: 'https://b.test' })).toMatchObject({ scope: 'b' })
  })

  test('refuses a token that has expired', async () => {
    const { access_token: access = '', id_token: id = '' } = await redeem()
    state.clock.advance(86_400)
    expect(await exchange(access)).toMatchObject({ error: 'invalid_request' })
    expect(await exchange(id)).toMatchObject({ error: 'invalid_request' })
  })

  test('refuses the token of somebody whom it does not know', async () => {
    const { id_token: id = '' } = await redeem()
    const { key } = state
    state = newState(readOptions({ clients, users: { carol: {} } }))
    state.key = key
    expect(await exchange(id)).toMatchObject({ error: 'invalid_request' })
  })

  test('refuses a token that is signed with another key', async () => {
    const { id_token: id = '' } = await redeem()
    state.key = newKey()
    await expect(exchange(id)).rejects.toThrow('not signed by a key')
  })
})

test.each(['password', 'toString', '__proto__'])('the grant type %s is not supported', async (type) => {
  expect(await ask({ grant_type: type })).toMatchObject({ error: 'unsupported_grant_type' })
})

test('a machine gets a token for what it asks', async () => {
  expect(await ask({ grant_type: 'client_credentials' })).toMatchObject({ scope: '', token_type: 'Bearer' })
  expect(await ask({ grant_type: 'client_credentials', scope: 'a' })).toMatchObject({ scope: 'a' })
})
