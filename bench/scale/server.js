import { createServer } from 'node:http'
import express from 'express'
import { createClient } from 'redis'
import { answerCalls } from '../harness/child.js'
import { ours, oursRedis, oursTesting } from '../harness/library.js'
import { client } from '../issuer/grants.js'

const secret = 'a-secret-of-the-bench-with-more-than-32-characters'
// One application in several processes: all have the same public address.
const baseUrl = 'http://127.0.0.1:3000'
// A usual session: 2600 bytes of tokens, and a `sid` by which the provider may end it.
const accessToken = `at-${'x'.repeat(1300)}`
const claims = { sid: 'c0ffee00-1234-4bcd-9abc-0123456789ab', picture: 'x'.repeat(700) }
const state = {}

answerCalls({
  /** Serves one of the processes of an application whose sessions are in Redis. */
  async start({ redisUrl, issuer }) {
    const [{ oidc }, { redisStore }] = await Promise.all([ours(), oursRedis()])
    const store = redisStore(await createClient({ url: redisUrl }).connect())
    // Where the machine is busy, a storm takes longer than people would wait: what is counted here is the same.
    const patience = { httpTimeoutSeconds: 60 }
    state.auth = oidc({
      issuer,
      ...client,
      baseUrl,
      secret,
      scope: 'openid offline_access',
      session: { store },
      ...patience,
    })
    await state.auth.ready()
    const app = express()
    app.get('/health', (_req, res) => res.end())
    app.use(state.auth)
    app.get('/orders', (req, res) => {
      const sub = req.oidc.user?.sub
      if (sub === undefined) res.status(401).end()
      else res.json({ sub })
    })
    app.get('/token', async (req, res) => {
      const { accessToken } = await req.oidc.accessToken()
      res.json({ length: String(accessToken).length })
    })
    app.use((error, _req, res, _next) => res.status(error.status ?? 500).end())
    const server = createServer(app)
    server.keepAliveTimeout = 0
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return server.address().port
  },
  /** Makes sessions, and returns their Cookie headers: of `sub`, or each of another person. */
  async signIn({ count, sub, expiresIn = 3600 }) {
    const { signedIn } = await oursTesting()
    const cookies = []
    for (let i = 0; i < count; i++) {
      const tokens = { accessToken, refreshToken: `rt-${Date.now()}-${i}-${Math.random()}`, expiresIn }
      cookies.push(await signedIn(state.auth, { ...claims, sub: sub ?? `person-${i}` }, tokens))
    }
    return cookies
  },
  /** CPU so far in microseconds, of all threads. */
  cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
})
