import { createServer } from 'node:http'
import express from 'express'
import { answerCalls } from '../harness/child.js'
import { profiling } from '../harness/profile.js'
import { contenderNamed } from './contenders.js'

const state = {}

answerCalls({
  /** Serves one route that returns the person of the session, on a separate port. */
  async start({ name, context }) {
    const { mount, subject } = contenderNamed(name)
    const app = express()
    const server = createServer(app)
    server.keepAliveTimeout = 0
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address()
    state.mint = await mount(app, { ...context, baseUrl: `http://127.0.0.1:${port}` })
    app.get('/api/orders', (req, res) => {
      const sub = subject === undefined ? context.session.user.sub : subject(req)
      if (sub === undefined) res.status(401).end()
      else res.json({ orders: [], sub })
    })
    app.use((error, _req, res, _next) => res.status(error.status ?? 500).end())
    return port
  },
  /** Cookies of so many new sessions, as long as is asked for. */
  mint: ({ count, bytes }) => state.mint(count, bytes),
  /** CPU so far in microseconds, of all threads. */
  cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  ...profiling,
})
