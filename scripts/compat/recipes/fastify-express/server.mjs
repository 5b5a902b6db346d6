import plugin from '@fastify/express'
import Fastify from 'fastify'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

const app = Fastify()
await app.register(plugin)
app.use('/api', bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' }))
app.use(oidc(optionsFromEnv()))
app.use(csrf())

/** Options of a route behind a guard. A guard that refuses answers by itself, and does not call done(). */
function guard(...requirements) {
  const middleware = requireAuth(...requirements)
  return { onRequest: (request, reply, done) => middleware(request.raw, reply.raw, done) }
}

app.get('/', async () => 'home')
app.get('/profile', guard(), async (request) => ({ sub: request.raw.auth.subject }))
app.get('/hr', guard(claim('dept', 'hr')), async () => 'for human resources only')
app.post('/transfer', guard(), async () => 'done')
app.get('/api/orders', guard(scope('read')), async (request) => ({ sub: request.raw.auth.subject }))

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
