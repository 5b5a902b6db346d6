import restify from 'restify'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

const app = restify.createServer()
const api = bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' })
// Before the router, which does not know the routes of oidc().
app.pre((req, res, next) => (req.path().startsWith('/api/') ? api(req, res, next) : next()))
app.pre(oidc(optionsFromEnv()), csrf())

/** Restify counts a request as done once next() is called. */
const answer = (textOf) => (req, res, next) => {
  res.end(textOf(req))
  next()
}
const subject = answer((req) => JSON.stringify({ sub: req.auth.subject }))

app.get(
  '/',
  answer(() => 'home'),
)
app.get('/profile', requireAuth(), subject)
app.get(
  '/hr',
  requireAuth(claim('dept', 'hr')),
  answer(() => 'for human resources only'),
)
app.post(
  '/transfer',
  requireAuth(),
  answer(() => 'done'),
)
app.get('/api/orders', requireAuth(scope('read')), subject)

app.listen(Number(process.env.PORT), '127.0.0.1')
