import express from 'express'
import { auth, claimEquals, requiredScopes } from 'express-oauth2-jwt-bearer'

const app = express()
const issuer = { issuerBaseURL: process.env.ISSUER, audience: process.env.AUDIENCE }
app.use('/api', auth(issuer))

app.get('/api/me', (req, res) => {
  res.send(req.auth.payload.sub)
})
app.get('/api/orders', requiredScopes('read'), (req, res) => {
  res.send('the orders')
})
app.post('/api/orders', requiredScopes('read write'), (req, res) => {
  res.send('a new order')
})
app.get('/api/salaries', claimEquals('dept', 'hr'), (req, res) => {
  res.send('the salaries')
})
app.get('/greeting', auth({ ...issuer, authRequired: false }), (req, res) => {
  res.send(`Hello ${req.auth?.payload.sub ?? 'stranger'}`)
})

app.listen(process.env.PORT, '127.0.0.1')
