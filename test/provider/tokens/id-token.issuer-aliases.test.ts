import { describe, expect, test } from '@jest/globals'
import { SessionIdentity } from '../../../lib/middleware/session/identity.js'
import { createKeys } from '../../../lib/provider/keys.js'
import { createIdTokenValidator } from '../../../lib/provider/tokens/id-token.js'
import { checkRefreshedIdToken } from '../../../lib/provider/tokens/refreshed-id-token.js'
import { createHttpClient } from '../../../lib/provider/transport/http-client.js'
import { failureOf } from '../../kit/failure.js'
import { mint } from '../../kit/provider/keys.js'
import { FakeProvider } from '../../kit/provider/provider.js'

const issuerAliases = ['issuer.example', 'http://issuer.example/trust']

function validatorOf(op: FakeProvider) {
  const keys = createKeys(async () => `${op.issuer}/jwks`, createHttpClient(op.settings), op.settings)
  return createIdTokenValidator({ ...op.settings, ...op.client, issuerAliases }, keys)
}

const expected = { nonce: 'nonce-1' }

describe('ID Tokens of an issuer with other spellings', () => {
  test.each(['https://issuer.example', ...issuerAliases])('may name it %p', async (iss) => {
    const op = new FakeProvider()
    const claims = await validatorOf(op).validate(await mint(op.claims({ iss })), expected)
    expect(claims.iss).toBe(iss)
  })

  test.each(['https://issuer.example/', 'issuer.example.com', undefined, 7])('may not name it %p', async (iss) => {
    const op = new FakeProvider()
    const error = await failureOf(validatorOf(op).validate(await mint(op.claims({ iss })), expected))
    expect(error.code).toMatch(/token_issuer_mismatch|token_claim_missing/)
  })

  test('may be refreshed with another of its spellings', async () => {
    const op = new FakeProvider()
    const validator = validatorOf(op)
    const before = await validator.validate(await mint(op.claims({ iss: issuerAliases[0] })), expected)
    const idToken = await mint(op.claims())
    expect(await checkRefreshedIdToken({ idToken, accessToken: undefined, before }, validator)).toMatchObject({
      idToken,
    })
  })

  test('are signed by that issuer, by the principal', async () => {
    const op = new FakeProvider()
    const record = {
      id: 'session-1',
      createdAt: op.clock.seconds,
      touchedAt: op.clock.seconds,
      idToken: await mint(op.claims({ iss: issuerAliases[0] })),
      tokens: { scope: 'openid' },
      data: {},
    }
    const session = { idleSeconds: 60, absoluteSeconds: 600, rollingStepSeconds: 10 }
    const { principal } = new SessionIdentity(record as never, { issuer: op.issuer, issuerAliases, session })
    expect([principal.issuer, principal.claims['iss']]).toEqual([op.issuer, issuerAliases[0]])
  })
})
