import { expect, test } from '@jest/globals'
import { parseApiProxyOptions } from '../../lib/options/client/api-proxy.js'
import { targetOf } from '../../lib/proxy/response.js'

test('the API gets the token that the options name: of which API, with which scopes and authorization details', () => {
  const options = { resource: 'https://a.example', scope: 'x', authorizationDetails: [{ type: 'payment' }] }
  expect(targetOf(parseApiProxyOptions('https://api.example.com', options))).toEqual({
    resource: 'https://a.example',
    scope: 'x',
    authorizationDetails: '[{"type":"payment"}]',
  })
})
