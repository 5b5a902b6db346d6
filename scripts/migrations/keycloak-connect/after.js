import express from 'express'
import { bearer, oidc, optionsFromEnv, requireAuth, role } from 'express-oidc'
import { keycloak } from 'express-oidc/providers'

const { issuer, ...rest } = optionsFromEnv()
const realm = { url: issuer.replace('/realms/shop', ''), realm: 'shop' }

const app = express()
app.use(oidc({ ...rest, ...keycloak(realm), scope: 'openid' }))
app.use('/api', bearer({ ...keycloak.api({ ...realm, audience: process.env.AUDIENCE ?? '' }), required: false }))

app.get('/', (req, res) => {
  res.send(req.oidc.isAuthenticated() ? `Hello ${req.oidc.user?.preferred_username}` : 'Hello stranger')
})
app.get('/profile', requireAuth(), (req, res) => {
  res.send(`Profile of ${req.oidc.user?.sub}`)
})
app.get('/salaries', requireAuth(role('hr', { claim: ['realm_access', 'roles'] })), (req, res) => {
  res.send('The salaries')
})
app.post('/basket', requireAuth(), async (req, res) => {
  const basket = Number(req.oidc.data.basket ?? 0) + 1
  await req.oidc.update({ basket })
  res.send(`${basket} in the basket`)
})
app.get('/api/orders', requireAuth(role('clerk', { claim: ['resource_access', 'web', 'roles'] })), (req, res) => {
  res.send(`The orders, for ${req.auth?.subject}`)
})

app.listen(Number(process.env.PORT), '127.0.0.1')
