import express from 'express'
import { bearer, claim, requireAuth, scope } from 'express-oidc/bearer'

const app = express()
const options = { issuer: process.env.ISSUER ?? '', audience: process.env.AUDIENCE ?? '' }
app.use('/api', bearer(options))

app.get('/api/me', requireAuth(), (req, res) => {
  res.send(req.auth?.subject)
})
app.get('/api/orders', requireAuth(scope('read')), (req, res) => {
  res.send('the orders')
})
app.post('/api/orders', requireAuth(scope('read', 'write')), (req, res) => {
  res.send('a new order')
})
app.get('/api/salaries', requireAuth(claim('dept', 'hr')), (req, res) => {
  res.send('the salaries')
})
app.get('/greeting', bearer({ ...options, required: false }), (req, res) => {
  res.send(`Hello ${req.auth?.subject ?? 'stranger'}`)
})

app.listen(Number(process.env.PORT), '127.0.0.1')
