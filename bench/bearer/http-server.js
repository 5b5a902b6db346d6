import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import express from 'express'
import { answerCalls } from '../harness/child.js'
import { profiling } from '../harness/profile.js'
import { contenderNamed } from './contenders.js'

const delays = monitorEventLoopDelay({ resolution: 1 })

answerCalls({
  /** Serves one route behind the contender, and one without protection. */
  async start({ name, trust }) {
    const { middleware, guard = () => [] } = contenderNamed(name)
    const app = express()
    app.get('/health', (_req, res) => res.end())
    const layers = [await middleware(trust), await guard()].flat()
    app.get('/api/orders', ...layers, (_req, res) => res.json({ orders: [] }))
    app.use((error, _req, res, _next) => res.status(error.status ?? 500).end())
    const server = createServer(app)
    server.keepAliveTimeout = 0
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return server.address().port
  },
  /** CPU so far in microseconds, of all threads. */
  cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  watchDelay() {
    delays.reset()
    delays.enable()
  },
  /** The event-loop delay in milliseconds that 99 % of the samples do not exceed. */
  delay() {
    delays.disable()
    return delays.percentile(99) / 1e6
  },
  ...profiling,
})
