import { expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { testProvider } from '../../lib/testing/index.js'

test('accessToken.idToken() makes the ID Token that is asked for, and refuses options that ID Tokens do not have', async () => {
  const provider = await testProvider({ users: { alice: { dept: 'hr' } }, clients: { web: {}, app: {} } })
  const token = provider.accessToken.idToken({
    clientId: 'app',
    expiresIn: -60,
    claims: { nonce: 'n-1', dept: undefined },
  })
  const claims = decodeJwt(token)
  expect(claims).toMatchObject({
    iss: provider.issuer,
    sub: 'alice',
    aud: 'app',
    nonce: 'n-1',
    exp: (claims.iat ?? 0) - 60,
  })
  expect(claims).not.toHaveProperty('dept')
  expect(decodeJwt(provider.accessToken.idToken({ sub: 'stranger' }))).toMatchObject({ sub: 'stranger', aud: 'web' })
  expect(() => provider.accessToken.idToken({ scope: 'orders' } as never)).toThrow('"scope"')
})
