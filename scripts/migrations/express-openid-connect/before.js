import express from 'express'
import openid from 'express-openid-connect'

const { auth, claimEquals, requiresAuth } = openid

const app = express()
app.use(
  auth({
    issuerBaseURL: process.env.ISSUER,
    clientID: process.env.CLIENT_ID,
    clientSecret: process.env.CLIENT_SECRET,
    baseURL: process.env.BASE_URL,
    secret: process.env.SECRET,
    authRequired: false,
    idpLogout: true,
    authorizationParams: { response_type: 'code', scope: 'openid profile' },
  }),
)

app.get('/', (req, res) => {
  res.send(req.oidc.isAuthenticated() ? `Hello ${req.oidc.user.name}` : 'Hello stranger')
})
app.get('/profile', requiresAuth(), (req, res) => {
  res.send(`Profile of ${req.oidc.user.sub}`)
})
app.get('/salaries', requiresAuth(), claimEquals('dept', 'hr'), (req, res) => {
  res.send('The salaries')
})
app.post('/basket', requiresAuth(), (req, res) => {
  req.appSession.basket = (req.appSession.basket ?? 0) + 1
  res.send(`${req.appSession.basket} in the basket`)
})

app.listen(process.env.PORT, '127.0.0.1')
