import { claimRows, clocks, cookieRows, decodedIdToken } from '../../web/session-view.js'

/** @type {import('../types.js').Stop} */
export const signInStop = {
  id: 'sign-in',
  title: 'Sign in, and keep a session',
  shows:
    'The app leaves the login to a provider, checks what comes back, and keeps the result in one encrypted cookie.',
  code: `app.use(oidc({
  issuer, clientId, clientSecret, baseUrl, secret,
}))

app.get('/profile', requireAuth(), (req, res) => {
  res.json(req.oidc.user)
})`,
  guide: { page: 'login.md', title: 'Login' },
  view: 'sign-in',
  async data(req, { idleSeconds, isStored }) {
    const { user, idToken, session } = req.oidc
    if (user === undefined || idToken === undefined || session === undefined) return {}
    const cookies = cookieRows(req.headers.cookie ?? '', isStored)
    return {
      claims: claimRows(user),
      idToken: decodedIdToken(idToken),
      clocks: clocks(session, decodedIdToken(idToken).claims, idleSeconds),
      now: Math.floor(Date.now() / 1000),
      cookies,
      isStored,
      cookieBytes: cookies.reduce((sum, { bytes }) => sum + bytes + 2, -2),
    }
  },
}
