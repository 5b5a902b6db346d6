import Router from '@koa/router'
import Koa from 'koa'
import { bearer, claim, csrf, oidc, optionsFromEnv, requireAuth, scope } from 'express-oidc'

/** Runs middleware of node:http. Where it answers by itself, Koa does not. */
const run = (middleware) => (ctx, next) =>
  new Promise((resolve, reject) => {
    ctx.respond = false
    ctx.res.once('close', resolve)
    middleware(ctx.req, ctx.res, (error) => {
      ctx.respond = true
      ctx.res.off('close', resolve)
      if (error) reject(error)
      else resolve(next())
    })
  })
const guard = (...requirements) => run(requireAuth(...requirements))

const api = run(bearer({ issuer: process.env.ISSUER, audience: 'https://api.example.com' }))

const router = new Router()
router.get('/', (ctx) => (ctx.body = 'home'))
router.get('/profile', guard(), (ctx) => (ctx.body = { sub: ctx.req.auth.subject }))
router.get('/hr', guard(claim('dept', 'hr')), (ctx) => (ctx.body = 'for human resources only'))
router.post('/transfer', guard(), (ctx) => (ctx.body = 'done'))
router.get('/api/orders', guard(scope('read')), (ctx) => (ctx.body = { sub: ctx.req.auth.subject }))

const app = new Koa()
app.use((ctx, next) => (ctx.path.startsWith('/api/') ? api(ctx, next) : next()))
app.use(run(oidc(optionsFromEnv())))
app.use(run(csrf()))
app.use(router.routes())
app.listen(Number(process.env.PORT), '127.0.0.1')
