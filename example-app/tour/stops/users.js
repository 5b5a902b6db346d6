import { otherBrowser } from '../other-browser.js'
import { signIn, signOut } from '../person.js'
import { tell } from '../tell.js'

/** @type {import('../types.js').Stop} */
export const usersStop = {
  id: 'users',
  title: 'Test users, and a guard',
  shows:
    'A guard opens a page to the people whose claims fit: nobody, Bob of engineering and Alice of HR get three answers.',
  button: 'Open /hr as all three',
  step: 'The demo plays a browser for each of the people at the provider, and opens the page with it.',
  code: `app.get('/hr', requireAuth(claim('dept', 'hr')), showHr)`,
  guide: { page: 'testing.md', title: 'Testing your application' },
  ownProvider: true,
  view: 'users',
  async run(_req, tour) {
    const nobody = await otherBrowser().send(`${tour.app}/hr`, { headers: { Accept: 'application/json' } })
    const request = 'GET /hr'
    return {
      lines: [
        tell(tour, {
          what: 'A program without a login',
          request,
          status: nobody.status,
          said: 'It is told where to log in. A person’s browser would be sent there.',
        }),
        await visit(
          tour,
          'bob',
          'Bob',
          'You are signed in, but this page is for others: his ID Token says dept=engineering.',
        ),
        await visit(tour, 'alice', 'Alice', 'Her ID Token says dept=hr, so the page opens.'),
      ],
    }
  },
}

/**
 * @param {import('../types.js').Tour} tour
 * @param {string} account
 * @param {string} name
 * @param {string} said
 */
async function visit(tour, account, name, said) {
  const { browser, end } = await signIn(tour.app, account, { returnTo: '/hr' })
  await signOut(tour.app, browser)
  const why = 'Signed in at the provider in a browser that the demo plays.'
  return tell(tour, { what: `${name}, signed in`, why, request: 'GET /hr', status: end.status, said })
}
