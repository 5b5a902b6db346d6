import Fastify from 'fastify'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

/** Runs middleware as a hook. Where it answers by itself, it does not call done(), and Fastify goes no further. */
const run = (middleware) => (request, reply, done) => middleware(request.raw, reply.raw, done)
/** Options of a route behind a guard. */
const guard = (...requirements) => ({ onRequest: run(requireAuth(...requirements)) })

const app = Fastify()
app.addHook('onRequest', run(oidc(optionsFromEnv())))
app.register(async (pages) => {
  pages.addHook('onRequest', run(csrf()))
  pages.get('/', async () => 'home')
  pages.get('/profile', guard(), async (request) => ({ sub: request.raw.auth.subject }))
  pages.get('/hr', guard(claim('dept', 'hr')), async () => 'for human resources only')
  pages.post('/transfer', guard(), async () => 'done')
})

app.register(
  async (api) => {
    api.addHook('onRequest', run(bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' })))
    api.get('/orders', guard(scope('read')), async (request) => ({ sub: request.raw.auth.subject }))
  },
  { prefix: '/api' },
)

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
