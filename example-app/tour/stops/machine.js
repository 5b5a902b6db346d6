import { callNamed } from '../../api/api-calls.js'
import { callApi } from '../../api/call-api.js'
import { linesOf } from '../api-lines.js'

/** @type {import('../types.js').Stop} */
export const machineStop = {
  id: 'machine',
  title: 'Tokens for machines',
  shows:
    'A service calls another one with a token of its own: no person, no session, and one request to the provider for many calls.',
  button: 'Call the API twice, as a machine',
  code: `const service = clientCredentials({
  issuer, clientId, clientSecret,
  allowedOrigins: ['https://api.example.com'],
})
const response = await service.fetch('https://api.example.com/orders')`,
  guide: { page: 'machines.md', title: 'Machines' },
  ownProvider: true,
  view: 'machine',
  data: async (_req, { apis, audience, machine, issuer }) => ({ apiUrl: apis.urls.orders, audience, machine, issuer }),
  run: async (req, { apis }) => linesOf([await callApi(apis, callNamed('machine'), req.oidc)]),
}
