import express from 'express'
import session from 'express-session'
import * as client from 'openid-client'
import { Strategy } from 'openid-client/passport'
import passport from 'passport'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, SESSION_SECRET, PORT } = process.env
const insecure = { execute: [client.allowInsecureRequests] } // the provider of the test has no TLS
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, insecure)

passport.use(
  'oidc',
  new Strategy({ config, scope: 'openid profile', callbackURL: `${BASE_URL}/callback` }, (tokens, done) => {
    done(null, tokens.claims())
  }),
)
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }))
app.use(passport.session())

app.get('/login', passport.authenticate('oidc'))
app.get('/callback', passport.authenticate('oidc', { successReturnToOrRedirect: '/', keepSessionInfo: true }))
app.get('/logout', (req, res, next) => {
  req.logout((error) => {
    if (error) return next(error)
    const parameters = { post_logout_redirect_uri: `${BASE_URL}/`, client_id: CLIENT_ID }
    res.redirect(client.buildEndSessionUrl(config, parameters).href)
  })
})

app.get('/', (req, res) => {
  res.send(req.isAuthenticated() ? `Hello ${req.user.name}` : 'Hello stranger')
})
app.get('/profile', ensureLoggedIn, (req, res) => {
  res.send(`Profile of ${req.user.sub}`)
})
app.get('/salaries', ensureLoggedIn, ensureDepartment('hr'), (req, res) => {
  res.send('The salaries')
})
app.post('/basket', ensureLoggedIn, (req, res) => {
  req.session.basket = (req.session.basket ?? 0) + 1
  res.send(`${req.session.basket} in the basket`)
})

function ensureLoggedIn(req, res, next) {
  if (req.isAuthenticated()) return next()
  req.session.returnTo = req.originalUrl
  res.redirect('/login')
}

function ensureDepartment(dept) {
  return (req, res, next) => (req.user.dept === dept ? next() : res.sendStatus(403))
}

app.listen(PORT, '127.0.0.1')
