import { expect, test } from '@jest/globals'
import { testProvider } from '../../../lib/testing/index.js'

test.each([200, 204, 205, 304, 418, 503])('fail() has an endpoint answer with status %i', async (status) => {
  const provider = await testProvider()
  provider.fail('jwks', status)
  const response = await provider.fetch(`${provider.issuer}/jwks`)
  const body = [204, 205, 304].includes(status) ? '' : '{"error":"server_error"}'
  expect([response.status, await response.text()]).toEqual([status, body])
})
