import express from 'express'
import { bearer, requireAuth, scope } from 'express-oidc/bearer'

const { ISSUER = '', AUDIENCE = '', PORT } = process.env
const app = express()

app.get('/api/health', (req, res) => {
  res.send('healthy')
})
app.use('/api', bearer({ issuer: ISSUER, audience: AUDIENCE }))

app.get('/api/me', requireAuth(), (req, res) => {
  res.send(req.auth?.subject)
})
app.get('/api/orders', requireAuth(scope('read')), (req, res) => {
  res.send('the orders')
})
app.post('/api/orders', requireAuth(scope('write')), (req, res) => {
  res.send('a new order')
})

app.listen(Number(PORT), '127.0.0.1')
