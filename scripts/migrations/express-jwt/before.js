import express from 'express'
import { expressjwt } from 'express-jwt'
import jwksRsa from 'jwks-rsa'

const { ISSUER, AUDIENCE, PORT } = process.env
const app = express()
app.use(
  '/api',
  expressjwt({
    secret: jwksRsa.expressJwtSecret({ jwksUri: `${ISSUER}/jwks`, cache: true, rateLimit: true }),
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['RS256'],
  }).unless({ path: ['/api/health'] }),
)

app.get('/api/health', (req, res) => {
  res.send('healthy')
})
app.get('/api/me', (req, res) => {
  res.send(req.auth.sub)
})
app.get('/api/orders', allow('read'), (req, res) => {
  res.send('the orders')
})
app.post('/api/orders', allow('write'), (req, res) => {
  res.send('a new order')
})
app.use((error, req, res, next) => {
  if (error.name !== 'UnauthorizedError') return next(error)
  res.status(error.status).json({ code: error.code })
})

function allow(scope) {
  return (req, res, next) => {
    if (req.auth.scope?.split(' ').includes(scope)) return next()
    res.status(403).json({ code: 'insufficient_scope' })
  }
}

app.listen(PORT, '127.0.0.1')
