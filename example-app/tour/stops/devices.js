import { deviceRows } from '../../devices/devices.js'
import { signIn } from '../person.js'
import { tell } from '../tell.js'

/** @type {import('../types.js').Stop} */
export const devicesStop = {
  id: 'devices',
  title: 'Your devices',
  shows: 'The app lists where you are signed in, while you look. You can end one of the sessions, or all of them.',
  button: 'Sign in with a phone',
  step: 'The demo plays the phone. A browser of your own, or a private window, does as well.',
  code: `const [, other] = await req.oidc.sessions.list()
if (other) await req.oidc.sessions.end(other.id)`,
  guide: { page: 'sessions-list.md', title: 'Lists of sessions' },
  forPeople: true,
  ownProvider: true,
  live: true,
  view: 'devices',
  data: async (req) => ({ devices: deviceRows(await req.oidc.sessions.list()) }),
  async run(req, tour) {
    const { status } = (await signIn(tour.app, String(req.auth?.subject))).end
    const said = 'It is in the list now. Sign it out again, there or everywhere.'
    const why = 'With the provider’s page, and cookies of its own.'
    return { lines: [tell(tour, { what: 'A phone signs in as you', why, request: 'GET /login', status, said })] }
  },
}
