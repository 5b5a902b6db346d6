import { createServer } from 'node:http'
import express from 'express'
import { answerCalls } from '../harness/child.js'
import { contenderNamed } from './contenders.js'

const state = { middleware: undefined, server: undefined }

answerCalls({
  /** Serves one route behind the contender. */
  async start({ name, trust }) {
    state.contender = contenderNamed(name)
    await renew({ trust })
    const app = express()
    app.get('/api/orders', (req, res, next) => state.middleware(req, res, next))
    app.get('/api/orders', (_req, res) => res.json({ orders: [] }))
    app.use((error, _req, res, _next) => res.status(error.status ?? 500).end())
    state.server = createServer(app)
    await new Promise((resolve) => state.server.listen(0, '127.0.0.1', resolve))
    return state.server.address().port
  },
  /** A middleware that has not seen anything yet, in a process that is warm. */
  renew,
  /** CPU so far in microseconds, of all threads. */
  cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
})

async function renew({ trust }) {
  state.middleware?.close?.()
  state.middleware = await state.contender.middleware(trust)
}
