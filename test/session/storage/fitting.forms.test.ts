import { describe, expect, test } from '@jest/globals'
import { withoutProof } from '../../../lib/session/claims.js'
import { formsOf } from '../../../lib/session/storage/fitting.js'
import type { SessionRecord, SessionTokens } from '../../../lib/session/record.js'
import { start } from '../../kit/clock.js'
import { idToken, record } from '../example.js'

const main: SessionTokens = { accessToken: 'access', tokenType: 'bearer', scope: 'openid' }
const refreshable: SessionTokens = { ...main, refreshToken: 'refresh' }
const additionalTokens = ['a', 'b'].map((target) => ({
  target,
  accessToken: target,
  tokenType: 'bearer',
  obtainedAt: start,
}))

/** The forms of a session with these tokens: how each is packed, what it lacks, and what the trace says. */
function formsWith(tokens: SessionTokens) {
  return [...formsOf(record({ tokens }))].map(({ record: form, packing, remarks }) => ({
    packing,
    left: leftOf(form),
    remarks,
  }))
}

function leftOf({ tokens, idToken: token }: SessionRecord): string {
  const parts = [
    tokens.additionalTokens === undefined ? '' : tokens.additionalTokens.map(({ target }) => target).join(''),
    tokens.accessToken === '' ? 'no access token' : '',
    token === withoutProof(idToken()) ? 'claims' : '',
  ]
  return parts.filter((part) => part !== '').join(', ')
}

const noAccess = 'access_token_left_out'
const noAdditional = 'additional_tokens_left_out'
const noProof = 'id_token_left_out'

describe('the forms of a session', () => {
  test('begin with the whole one, and lose what can be had again before what cannot', () => {
    expect(formsWith({ ...refreshable, additionalTokens })).toEqual([
      { packing: 'none', left: 'ab', remarks: [] },
      { packing: 'bytes', left: 'ab', remarks: [] },
      { packing: 'bytes', left: 'b', remarks: [noAdditional] },
      { packing: 'bytes', left: '', remarks: [noAdditional] },
      { packing: 'compressed', left: '', remarks: [noAdditional] },
      { packing: 'compressed', left: 'claims', remarks: [noAdditional, noProof] },
      { packing: 'bytes', left: 'no access token', remarks: [noAdditional, noAccess] },
      { packing: 'compressed', left: 'no access token', remarks: [noAdditional, noAccess] },
      { packing: 'compressed', left: 'no access token, claims', remarks: [noAdditional, noAccess, noProof] },
    ])
  })

  test('say nothing of additional tokens that it never had', () => {
    expect(formsWith(refreshable)).toEqual([
      { packing: 'none', left: '', remarks: [] },
      { packing: 'bytes', left: '', remarks: [] },
      { packing: 'compressed', left: '', remarks: [] },
      { packing: 'compressed', left: 'claims', remarks: [noProof] },
      { packing: 'bytes', left: 'no access token', remarks: [noAccess] },
      { packing: 'compressed', left: 'no access token', remarks: [noAccess] },
      { packing: 'compressed', left: 'no access token, claims', remarks: [noAccess, noProof] },
    ])
  })

  test.each([
    ['no refresh token', main],
    ['no access token', { tokenType: 'bearer', scope: 'openid', refreshToken: 'refresh' }],
  ])('keep the access token as it is with %s', (_what, tokens) => {
    expect(formsWith(tokens).map(({ packing }) => packing)).toEqual(['none', 'bytes', 'compressed', 'compressed'])
    for (const form of formsOf(record({ tokens }))) expect(form.record.tokens).toEqual(tokens)
  })

  test('every form of a session keeps all members but the tokens', () => {
    const given = record({ tokens: { ...refreshable, additionalTokens }, data: { a: 1 }, userinfo: { b: 1 }, slot: 7 })
    for (const { record: form } of formsOf(given))
      expect({ ...form, tokens: given.tokens, idToken: given.idToken }).toEqual(given)
    const last = [...formsOf(given)].at(-1)
    expect(last?.record.tokens).toEqual({ ...refreshable, accessToken: '' })
  })
})
