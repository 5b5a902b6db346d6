import { createHook } from 'node:async_hooks'
import { createServer } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import express from 'express'
import { answerCalls } from '../harness/child.js'
import { get } from '../harness/browser.js'
import { ours } from '../harness/library.js'

const atOnce = 8
const secret = 'a-secret-of-the-bench-with-more-than-32-characters'
const state = {}

answerCalls({
  /** Serves an application whose tenants are below `providers`, an origin. */
  async start({ providers, maxEntries }) {
    const { oidc } = await ours()
    const app = express()
    const server = createServer(app)
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    state.origin = `http://127.0.0.1:${server.address().port}`
    const find = async (name) => ({
      issuer: `${providers}/${name}`,
      clientId: `client-of-${name}`,
      clientSecret: 'hidden',
    })
    const cache = { maxEntries, seconds: 86_400 }
    const options = { providers: find, providerCache: cache, allowPrivateAddresses: true, httpTimeoutSeconds: 60 }
    app.use(oidc({ ...options, baseUrl: state.origin, secret }))
    app.use((error, _req, res, _next) => res.status(error.status ?? 500).end())
    state.timers = countTimers()
    await beginLogin('first')
  },
  /** Begins a login at each of the tenants with these numbers, and returns how many milliseconds each took. */
  async visit({ from, to }) {
    const latencies = []
    let next = from
    const visitor = async () => {
      while (next < to) {
        const began = performance.now()
        await beginLogin(`tenant-${next++}`)
        latencies.push(performance.now() - began)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, visitor))
    return latencies
  },
  /** CPU so far in microseconds, of all threads. */
  cpu() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  /** Sends requests to a tenant whose provider does not answer, and does not wait for them. */
  knock({ name, count }) {
    for (let i = 0; i < count; i++) void beginLogin(name).catch(() => {})
  },
  /** The memory that stays in use, in bytes, and the timers that are set. */
  async retained() {
    for (let i = 0; i < 6; i++) {
      await setImmediate()
      globalThis.gc()
    }
    const { heapUsed, external } = process.memoryUsage()
    return { bytes: heapUsed + external, timers: state.timers() }
  },
})

async function beginLogin(name) {
  const { status, location = '' } = await get(`${state.origin}/login/${name}`, { accept: 'text/html' })
  if (status !== 302 || !location.includes(`/${name}/authorize?`)) throw new Error(`no login at ${name}: ${status}`)
}

// Those that keep no process alive count too.
function countTimers() {
  const set = new Set()
  createHook({
    init: (id, type) => void (type === 'Timeout' && set.add(id)),
    destroy: (id) => void set.delete(id),
  }).enable()
  return () => set.size
}
