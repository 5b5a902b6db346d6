import express from 'express'
import session from 'express-session'
import Keycloak from 'keycloak-connect'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SESSION_SECRET, PORT } = process.env
const store = new session.MemoryStore()
const keycloak = new Keycloak(
  { store },
  {
    'auth-server-url': ISSUER.replace('/realms/shop', ''),
    realm: 'shop',
    resource: CLIENT_ID,
    credentials: { secret: CLIENT_SECRET },
  },
)

const app = express()
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: true, store }))
app.use(keycloak.middleware({ logout: '/logout' }))

app.get('/', (req, res) => {
  const token = req.kauth.grant?.access_token
  res.send(token === undefined ? 'Hello stranger' : `Hello ${token.content.preferred_username}`)
})
app.get('/profile', keycloak.protect(), (req, res) => {
  res.send(`Profile of ${req.kauth.grant.access_token.content.sub}`)
})
app.get('/salaries', keycloak.protect('realm:hr'), (req, res) => {
  res.send('The salaries')
})
app.post('/basket', keycloak.protect(), (req, res) => {
  req.session.basket = (req.session.basket ?? 0) + 1
  res.send(`${req.session.basket} in the basket`)
})
app.get('/api/orders', keycloak.protect('clerk'), (req, res) => {
  res.send(`The orders, for ${req.kauth.grant.access_token.content.sub}`)
})

app.listen(PORT, '127.0.0.1')
