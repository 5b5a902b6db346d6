import { pipeline } from 'node:stream/promises'
import { createProxyServer } from 'httpxy'
import { Agent } from 'undici'
import { ours, oursProxy } from '../harness/library.js'
import { client } from '../issuer/grants.js'

const secret = 'a-secret-of-the-bench-with-more-than-32-characters'
const scope = 'openid profile email offline_access'

/**
 * What takes part. Each has a name, a kind (limit, ours, peer), and `mount(app, { issuer, baseUrl, api })`, which sends requests below
 * `/api` on. Those that are ours have sessions.
 */
const bareUndici = {
  name: 'bare proxy: undici (limit)',
  kind: 'limit',
  mount(app, { api }) {
    const agent = new Agent()
    app.use('/api', async (req, res) => {
      const headers = { ...req.headers }
      for (const name of ['host', 'connection', 'cookie']) delete headers[name]
      const answer = await agent.request({ origin: api, path: req.url, method: req.method, headers })
      res.writeHead(answer.statusCode, answer.headers)
      await pipeline(answer.body, res)
    })
  },
}

const bareHttpxy = {
  name: 'bare proxy: httpxy',
  kind: 'peer',
  mount(app, { api }) {
    const proxy = createProxyServer({ target: api, changeOrigin: true })
    app.use('/api', (req, res) => proxy.web(req, res))
  },
}

async function signIn(app, { issuer, baseUrl, api }) {
  const { oidc, csrf } = await ours()
  const options = { issuer, ...client, baseUrl, secret, scope, allowedOrigins: [api] }
  const middleware = oidc(options)
  await middleware.ready()
  app.use(middleware)
  app.use(csrf())
}

const withProxy = {
  name: 'express-oidc, apiProxy()',
  kind: 'ours',
  async mount(app, context) {
    await signIn(app, context)
    const { apiProxy } = await oursProxy()
    app.use('/api', apiProxy(context.api))
  },
}

/** What one would write by hand. */
const withFetch = {
  name: 'express-oidc, req.oidc.fetch()',
  kind: 'peer',
  hasSessions: true,
  async mount(app, context) {
    await signIn(app, context)
    const { requireAuth } = await ours()
    app.use('/api', requireAuth(), async (req, res) => {
      const answer = await req.oidc.fetch(context.api + req.url, { method: req.method })
      res.status(answer.status).type(answer.headers.get('content-type'))
      res.end(Buffer.from(await answer.arrayBuffer()))
    })
  },
}

export const contenders = [bareUndici, bareHttpxy, withProxy, withFetch]

/** Whether requests need a session. */
export function hasSessions({ kind, hasSessions = false }) {
  return kind === 'ours' || hasSessions
}
