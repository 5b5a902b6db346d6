import { accessTokenSeconds, apiCalls } from '../../api/api-calls.js'
import { callApi } from '../../api/call-api.js'
import { expiryOf } from '../../api/token-facts.js'
import { linesOf } from '../api-lines.js'

/** @type {import('../types.js').Stop} */
export const apiStop = {
  id: 'api',
  title: 'Call an API',
  shows:
    'The app calls an API for you with your access token. The API knows no cookies: it checks the token, and answers 200, 401 or 403.',
  button: 'Call the API',
  code: `// the app
app.get('/orders', requireAuth(), async (req, res) => {
  const response = await req.oidc.fetch('https://api.example.com/orders')
  res.json(await response.json())
})

// the API
api.use(bearer({ issuer, audience: 'https://api.example.com' }))
api.get('/orders', requireAuth(scope('orders:read')), list)`,
  guide: { page: 'bearer.md', title: 'APIs behind bearer()' },
  forPeople: true,
  view: 'api',
  async data(req, { apis, audience }) {
    const calls = apiCalls.filter(({ stop = 'api' }) => stop === 'api')
    const isWaiting = req.method === 'GET' && req.query.wait !== undefined
    const chosen = calls.find(({ id }) => id === (req.body?.call ?? (isWaiting ? 'expired' : 'read')))
    const clock = isWaiting && tokenClock(await req.oidc.accessToken({ minTtl: 0 }))
    return { calls, chosen, isWaiting, apiUrl: apis.urls.orders, audience, ...clock }
  },
  async run(req, { apis }) {
    const call = apiCalls.find(({ id, stop = 'api' }) => id === req.body?.call && stop === 'api')
    if (call === undefined)
      throw Object.assign(new Error('There is no such call.'), { status: 400, code: 'unknown_call', expose: true })
    return linesOf([await callApi(apis, call, req.oidc)])
  },
}

/** @param {string} token */
function tokenClock(token) {
  const now = Math.floor(Date.now() / 1000)
  const endsAt = expiryOf(token) ?? now
  const note = 'The access token ends. Nothing happens to your session.'
  return { now, clocks: [{ id: 'token', label: 'Until the token expires', note, endsAt, total: accessTokenSeconds }] }
}
