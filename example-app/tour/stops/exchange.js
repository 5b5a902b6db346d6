import { callNamed } from '../../api/api-calls.js'
import { callApi } from '../../api/call-api.js'
import { linesOf } from '../api-lines.js'

/** @type {import('../types.js').Stop} */
export const exchangeStop = {
  id: 'exchange',
  title: 'On behalf of a person',
  shows:
    'A second service refuses your token for the first one. The app exchanges it for one that is about you too, and for that service alone.',
  button: 'Call it with both tokens',
  code: `const token = await req.oidc.exchange({
  resource: 'https://billing.example.com',
  scope: 'bills:read',
})`,
  guide: { page: 'on-behalf-of.md', title: 'On behalf of a person' },
  forPeople: true,
  ownProvider: true,
  async run(req, { apis }) {
    const refused = await callApi(apis, callNamed('pass-on'), req.oidc)
    return linesOf([refused, await callApi(apis, callNamed('exchange'), req.oidc)])
  },
}
