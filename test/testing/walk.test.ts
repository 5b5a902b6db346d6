import { expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import { oidc } from '../../lib/index.js'
import { testProvider } from '../../lib/testing/index.js'

test('a request that the provider refuses is an error with a code, with what the provider says', async () => {
  const provider = await testProvider({ clients: { web: { redirectUris: ['http://localhost:3000/callback'] } } })
  const app = express().use(oidc({ ...provider.options.oidc, baseUrl: 'http://localhost:3000/shop' }))
  await expect(provider.signIn(request(app), 'alice')).rejects.toMatchObject({
    code: 'login_refused',
    message: expect.stringMatching(/^the provider refused the request \(invalid_request\): .* is not a redirect URI/),
  })
})
