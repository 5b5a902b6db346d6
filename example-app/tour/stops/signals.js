import { deviceRows } from '../../devices/devices.js'
import { signIn, whoIs } from '../person.js'
import { tell } from '../tell.js'

/** @type {import('../types.js').Stop} */
export const signalsStop = {
  id: 'signals',
  title: 'A stolen phone: security events',
  shows:
    'Whoever watches devices tells the app by a signed event that one was stolen. Its session ends at once, and yours goes on.',
  button: 'Sign in with a phone, and report it as stolen',
  step: 'The demo plays the phone, and its provider pushes the event as others would (Shared Signals, CAEP).',
  code: `app.use(signals({
  oidc: auth,
  transmitters: [{ issuer: 'https://id.example.com' }],
}))`,
  guide: { page: 'signals.md', title: 'Signals that end sessions' },
  forPeople: true,
  ownProvider: true,
  live: true,
  view: 'signals',
  data: async (req) => ({ devices: deviceRows(await req.oidc.sessions.list()) }),
  async run(req, tour) {
    const { sub, sid } = Object(req.auth?.claims)
    const { browser } = await signIn(tour.app, String(sub))
    const before = await whoIs(tour.app, browser)
    const request = 'GET /me'
    const lines = [
      tell(tour, {
        what: 'The phone, before',
        request,
        status: before.status,
        said: `It is signed in as ${before.name}.`,
      }),
    ]
    await tour.report?.({ sub: String(sub), sid: String(sid) })
    lines.push({
      what: 'The provider pushes session-revoked',
      isOpen: true,
      said: 'One signed event about each other browser of yours, to /signals.',
    })
    const after = await whoIs(tour.app, browser)
    const said = after.status < 400 ? 'It is still signed in.' : `Its session is over: ${after.name}. Yours is not.`
    return { lines: [...lines, tell(tour, { what: 'The phone, a moment later', request, status: after.status, said })] }
  },
}
