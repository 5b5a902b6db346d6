import express from 'express'
import { bearer, oidc, optionsFromEnv, requireAuth, role, scope } from 'express-oidc'

const options = optionsFromEnv()
const { issuer, clientId } = options

const app = express()
app.use(oidc({ ...options, scope: 'openid profile', routes: { callback: '/auth/openid/return' } }))
app.use('/api', bearer({ issuer, audience: clientId, profile: 'jwt', required: false }))

app.get('/', (req, res) => {
  res.send(req.oidc.isAuthenticated() ? `Hello ${req.oidc.user?.name}` : 'Hello stranger')
})
app.get('/profile', requireAuth(), (req, res) => {
  res.send(`Profile of ${req.oidc.user?.oid}`)
})
app.get('/salaries', requireAuth(role('hr')), (req, res) => {
  res.send('The salaries')
})
app.post('/basket', requireAuth(), async (req, res) => {
  const basket = Number(req.oidc.data.basket ?? 0) + 1
  await req.oidc.update({ basket })
  res.send(`${basket} in the basket`)
})
app.get('/api/me', requireAuth(), (req, res) => {
  res.send(String(req.auth?.claims.oid))
})
app.get('/api/orders', requireAuth(scope('Orders.Read')), (req, res) => {
  res.send(`The orders, for ${req.auth?.claims.oid}`)
})

app.listen(Number(process.env.PORT), '127.0.0.1')
