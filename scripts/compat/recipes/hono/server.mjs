import { serve } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

/** Runs middleware of node:http. Where it answers by itself, Hono does not. */
const run = (middleware) => (c, next) =>
  new Promise((resolve, reject) => {
    const { incoming, outgoing } = c.env
    const answered = () => resolve(RESPONSE_ALREADY_SENT)
    outgoing.once('close', answered)
    middleware(incoming, outgoing, (error) => {
      outgoing.off('close', answered)
      if (error) reject(error)
      else resolve(next())
    })
  })
const guard = (...requirements) => run(requireAuth(...requirements))
const subject = (c) => c.json({ sub: c.env.incoming.auth.subject })

const app = new Hono()
app.use('/api/*', run(bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' })))
app.use(run(oidc(optionsFromEnv())))
app.use(run(csrf()))
app.get('/', (c) => c.text('home'))
app.get('/profile', guard(), subject)
app.get('/hr', guard(claim('dept', 'hr')), (c) => c.text('for human resources only'))
app.post('/transfer', guard(), (c) => c.text('done'))
app.get('/api/orders', guard(scope('read')), subject)

serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' })
