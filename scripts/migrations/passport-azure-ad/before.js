import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { BearerStrategy, OIDCStrategy } from 'passport-azure-ad'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, SESSION_SECRET, PORT } = process.env
const identityMetadata = `${ISSUER}/.well-known/openid-configuration`

passport.use(
  new OIDCStrategy(
    {
      identityMetadata,
      clientID: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      responseType: 'code',
      responseMode: 'query',
      redirectUrl: `${BASE_URL}/auth/openid/return`,
      allowHttpForRedirectUrl: true,
      scope: ['profile'],
      loggingLevel: 'error',
    },
    (iss, sub, profile, accessToken, refreshToken, done) => done(null, profile),
  ),
)
passport.use(
  new BearerStrategy({ identityMetadata, clientID: CLIENT_ID, loggingLevel: 'error' }, (token, done) =>
    done(null, { oid: token.oid }, token),
  ),
)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }))
app.use(express.urlencoded({ extended: true }))
app.use(passport.session())

app.get('/login', passport.authenticate('azuread-openidconnect'))
app.get(
  '/auth/openid/return',
  passport.authenticate('azuread-openidconnect', { successReturnToOrRedirect: '/', keepSessionInfo: true }),
)
app.get('/logout', (req, res, next) => {
  req.logout((error) => {
    if (error) return next(error)
    res.redirect(
      `${ISSUER}/logout?${new URLSearchParams({ post_logout_redirect_uri: BASE_URL, client_id: CLIENT_ID })}`,
    )
  })
})

app.get('/', (req, res) => {
  res.send(req.isAuthenticated() ? `Hello ${req.user.displayName}` : 'Hello stranger')
})
app.get('/profile', ensureLoggedIn, (req, res) => {
  res.send(`Profile of ${req.user.oid}`)
})
app.get('/salaries', ensureLoggedIn, ensureRole('hr'), (req, res) => {
  res.send('The salaries')
})
app.post('/basket', ensureLoggedIn, (req, res) => {
  req.session.basket = (req.session.basket ?? 0) + 1
  res.send(`${req.session.basket} in the basket`)
})
app.get('/api/me', passport.authenticate('oauth-bearer', { session: false }), (req, res) => {
  res.send(req.user.oid)
})
app.get('/api/orders', passport.authenticate('oauth-bearer', { session: false }), (req, res) => {
  if (!req.authInfo.scp?.split(' ').includes('Orders.Read')) return res.sendStatus(403)
  res.send(`The orders, for ${req.user.oid}`)
})

function ensureLoggedIn(req, res, next) {
  if (req.isAuthenticated()) return next()
  req.session.returnTo = req.originalUrl
  res.redirect('/login')
}

function ensureRole(role) {
  return (req, res, next) => (req.user._json.roles?.includes(role) ? next() : res.sendStatus(403))
}

app.listen(PORT, '127.0.0.1')
