import { signIn, signOut, whoIs } from '../person.js'
import { otherBrowser } from '../other-browser.js'
import { tell } from '../tell.js'

const sessionCookie = /^(__Host-|__Secure-)?oidc_[0-9a-f]+$/

/** @type {import('./attacks.js').Attack} */
export const readCookie = {
  id: 'read-cookie',
  title: 'Read the cookie',
  how: 'The victim’s session cookie lies open: what do its bytes say?',
  async run({ app }) {
    const { browser } = await signIn(app, 'bob')
    const cookie = browser.cookie(sessionCookie)
    await signOut(app, browser)
    const sealed = cookie.slice(cookie.indexOf('=') + 1)
    const bytes = Buffer.concat(sealed.split('.').map((part) => Buffer.from(part, 'base64url'))).toString('latin1')
    const found = ['bob', 'Bob', 'example.com', 'access_token', 'eyJ'].filter((word) => bytes.includes(word))
    const what = `${sealed.length.toLocaleString('en')} characters: ${sealed.slice(0, 40)}…`
    const said =
      found.length === 0
        ? 'Neither a name, an e-mail address nor a token is in it: AES-256-GCM, with a key that only the app has.'
        : `It says ${found.join(', ')}.`
    return [{ what, isOpen: found.length > 0, said }]
  },
}

/** @type {import('./attacks.js').Attack} */
export const changedCookie = {
  id: 'changed-cookie',
  title: 'Change the cookie',
  how: 'One character of the sealed session is another one. First, to compare, the cookie as it is.',
  async run(tour) {
    const { app } = tour
    const { browser } = await signIn(app, 'bob')
    const cookie = browser.cookie(sessionCookie)
    const whole = await whoIs(app, otherBrowser(), { Cookie: cookie })
    const changed = await whoIs(app, otherBrowser(), { Cookie: flipped(cookie) })
    await signOut(app, browser)
    const over = await whoIs(app, otherBrowser(), { Cookie: cookie })
    const request = 'GET /me'
    return [
      tell(tour, {
        what: 'The whole cookie, in another browser',
        request,
        status: whole.status,
        said: `Signed in as ${whole.name}: who has the whole cookie has the session. Scripts cannot read it, and sessions can be ended or bound to a device.`,
      }),
      tell(tour, {
        what: 'The cookie with one character changed',
        request,
        status: changed.status,
        said: 'It does not authenticate, so it is as good as no cookie.',
      }),
      tell(tour, {
        what: 'The whole cookie, after Bob has logged out',
        request,
        status: over.status,
        said: 'The app remembers that this session has ended.',
      }),
    ]
  },
}

/** @param {string} cookie */
function flipped(cookie) {
  const at = cookie.length - 40
  return `${cookie.slice(0, at)}${cookie[at] === 'A' ? 'B' : 'A'}${cookie.slice(at + 1)}`
}
