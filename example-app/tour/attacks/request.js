import { signIn, signOut, whoIs } from '../person.js'
import { tell } from '../tell.js'

/** @type {import('./attacks.js').Attack} */
export const forgedForm = {
  id: 'forged-form',
  title: 'Press a button in the victim’s name',
  how: 'Another site has a form that posts to this app. Browsers keep the cookie at home (SameSite); suppose that one did not.',
  async run(tour) {
    const { app } = tour
    const { browser } = await signIn(app, 'bob')
    const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site', Accept: 'application/json' }
    const forged = await browser.send(`${app}/sign-out-everywhere`, { method: 'POST', headers })
    const still = await whoIs(app, browser)
    await signOut(app, browser)
    const { code = '' } = Object(JSON.parse(forged.body.startsWith('{') ? forged.body : '{}'))
    return [
      tell(tour, {
        what: 'A form of evil.example, with Bob’s cookie',
        request: 'POST /sign-out-everywhere',
        carried: [['Origin', 'https://evil.example']],
        status: forged.status,
        said: `csrf() looks at where the request comes from${code === '' ? '' : `: ${code}`}. ${still.status < 400 ? 'Bob is still signed in.' : 'Bob is signed out.'}`,
      }),
    ]
  },
}

/** @type {import('./attacks.js').Attack} */
export const sentAway = {
  id: 'sent-away',
  title: 'Lead the victim away after the login',
  how: 'A link to the login says that it should end at the attacker’s site.',
  async run(tour) {
    const { app } = tour
    const { browser, end } = await signIn(app, 'bob', { returnTo: 'https://evil.example/' })
    await signOut(app, browser)
    const isAway = !end.url.startsWith(`${app}/`)
    return [
      tell(tour, {
        what: 'Bob follows a link to /login?returnTo=https://evil.example/',
        request: 'GET /login',
        carried: [['returnTo', 'https://evil.example/']],
        status: end.status,
        isOpen: isAway,
        said: isAway
          ? `He ends at ${end.url}.`
          : `He ends at ${new URL(end.url).pathname} of this app: an address elsewhere is ignored.`,
      }),
    ]
  },
}
