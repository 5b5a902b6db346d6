import { attacks } from '../attacks/attacks.js'

/** @type {import('../types.js').Stop} */
export const attackerStop = {
  id: 'attacker',
  title: 'What would an attacker see?',
  shows:
    'Attacks that work against careless apps, tried for real against this one, on this page. The victim is a Bob whom the demo plays.',
  button: 'Try them all',
  step: 'The demo plays the victim and the attacker.',
  code: `// The default settings do all of this; one line is yours:
app.post('/orders', csrf(), requireAuth(), placeOrder)`,
  guide: { page: 'security.md', title: 'Security: threats and answers' },
  ownProvider: true,
  view: 'attacker',
  async data(req) {
    const cookieCount = (req.headers.cookie ?? '').split(';').filter((pair) => pair.includes('=')).length
    return { attacks, cookieCount }
  },
  async run(req, tour) {
    const chosen = attacks.filter(({ id }) => id === req.body?.attack)
    /** @type {Record<string, readonly import('../types.js').Line[]>} */
    const attempts = {}
    for (const { id, run } of chosen.length === 0 ? attacks : chosen) attempts[id] = await run(tour)
    return { lines: [], attempts }
  },
}
