import { secondFactor } from '../../provider/second-factor.js'

/** @type {import('../types.js').Stop} */
export const stepUpStop = {
  id: 'step-up',
  title: 'Step-up: one more proof for what matters',
  shows:
    'You stay signed in all day. Only the transfer asks for a second factor, and the app checks that the provider has seen it.',
  code: `const strong = acr('${secondFactor}')

app.get('/transfer', requireAuth(strong), showTransfer)`,
  guide: { page: 'login.md', title: 'Login' },
  ownProvider: true,
  view: 'step-up',
  async data(req) {
    const { acr, auth_time: at } = Object(req.auth?.claims)
    return { acr, secondFactor, since: typeof at === 'number' ? new Date(at * 1000).toISOString().slice(11, 19) : '' }
  },
}
