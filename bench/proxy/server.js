import { createServer } from 'node:http'
import express from 'express'
import { answerCalls } from '../harness/child.js'
import { contenders } from './contenders.js'

answerCalls({
  /** Serves one proxy on a separate port. */
  async start({ name, context }) {
    const { mount } = contenders.find((contender) => contender.name === name)
    const app = express()
    const server = createServer(app)
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address()
    await mount(app, { ...context, baseUrl: `http://127.0.0.1:${port}` })
    app.get('/', (_req, res) => res.end('home'))
    app.use((error, _req, res, _next) => res.status(error.status ?? 500).end())
    return port
  },
  /** CPU so far in microseconds, of all threads. */
  cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
})
