import express from 'express'
import session from 'express-session'
import okta from '@okta/oidc-middleware'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, SESSION_SECRET, PORT } = process.env
const oidc = new okta.ExpressOIDC({
  issuer: ISSUER,
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  appBaseUrl: BASE_URL,
  scope: 'openid profile',
  testing: { disableHttpsCheck: true }, // the provider of the test has no TLS
})

const app = express()
app.use(session({ secret: SESSION_SECRET, resave: true, saveUninitialized: false }))
app.use(oidc.router)

app.get('/', (req, res) => {
  const logout = '<form method="post" action="/logout"><button>Log out</button></form>'
  res.send(req.isAuthenticated() ? `Hello ${req.userContext.userinfo.name} ${logout}` : 'Hello stranger')
})
app.get('/profile', oidc.ensureAuthenticated(), (req, res) => {
  res.send(`Profile of ${req.userContext.userinfo.sub}`)
})
app.get('/salaries', oidc.ensureAuthenticated(), ensureDepartment('hr'), (req, res) => {
  res.send('The salaries')
})
app.post('/basket', oidc.ensureAuthenticated(), (req, res) => {
  req.session.basket = (req.session.basket ?? 0) + 1
  res.send(`${req.session.basket} in the basket`)
})

function ensureDepartment(dept) {
  return (req, res, next) => (req.userContext.userinfo.dept === dept ? next() : res.sendStatus(403))
}

oidc.on('ready', () => app.listen(PORT, '127.0.0.1'))
oidc.on('error', (error) => console.error(error))
