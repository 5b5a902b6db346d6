// One process of an application that several run: told what to be by its parent, to which it says its port.
import { createServer } from 'node:http'
import express from 'express'
import { createRequire } from 'node:module'
import { createClient } from 'redis'

// The clock of this process, which its parent moves.
const { now } = Date
let ahead = 0
Date.now = () => now() + ahead

// What Redis has to answer may take long. While the parent says that it is down, nobody waits for it.
const redisTimeoutSeconds = 30
let isRedisDown = false
const { setTimeout: wait } = globalThis
globalThis.setTimeout = Object.assign((handler, milliseconds, ...args) => {
  const isInVain = isRedisDown && milliseconds === redisTimeoutSeconds * 1000
  return wait(handler, isInVain ? 100 : milliseconds, ...args)
}, wait)

const orders = JSON.parse(process.argv[2] ?? '{}')
const { options, redisUrl, storage, port, audience, transmitters } = orders
// An older version of the package, or its CommonJS files, are asked for by name.
const { name = 'express-oidc', isRequired = false } = orders.package ?? {}
const load = isRequired ? createRequire(import.meta.url) : (specifier) => import(specifier)
const { bearer, oidc, requireAuth, signals } = await load(name)
const { redisStore } = await load(`${name}/redis`)

const client = createClient({ url: redisUrl, socket: { reconnectStrategy: 50 } })
// Without a listener the client would end the process when its server goes away.
client.on('error', () => undefined)
await client.connect()
const sharedStore = redisStore(client, { timeoutSeconds: redisTimeoutSeconds })

// Parts of one application know one address, whichever of them is asked.
const server = createServer()
await new Promise((resolve) => server.listen(port ?? 0, '127.0.0.1', () => resolve(undefined)))
const address = server.address()
const ownPort = typeof address === 'object' && address !== null ? address.port : 0
const { baseUrl = `http://127.0.0.1:${ownPort}`, ...others } = options
const sessions = storage === 'store' ? { session: { store: sharedStore } } : { sharedStore: sharedStore }
const auth = oidc({ ...others, ...sessions, baseUrl })

const app = express()
if (audience !== undefined) {
  app.use('/api', bearer({ issuer: options.issuer, audience }), requireAuth(), (req, res) => void res.json(req.auth))
}
if (transmitters !== undefined) app.use(signals({ oidc: auth, transmitters }))
app.use(auth)
app.get('/me', requireAuth(), (req, res) => void res.json({ sub: req.auth?.subject, pid: process.pid }))
app.get('/token', requireAuth(), async (req, res) => {
  const minTtl = Number(req.query['minTtl'] ?? 30)
  res.json({ token: await req.oidc.accessToken({ minTtl }), pid: process.pid })
})
app.get('/userinfo', requireAuth(), async (req, res) => void res.json(await req.oidc.userinfo({ maxAgeSeconds: 0 })))
app.get('/api-token', requireAuth(), async (req, res) => {
  res.json({ token: await req.oidc.accessToken({ resource: audience }) })
})
app.get('/sign-in/:name', (req, _res, next) => {
  req.oidc.login({ returnTo: '/', authorizationParams: { login_hint: req.params.name } }).catch(next)
})
// Says so as long as somebody is signed in, and then why it is over.
app.get('/live', requireAuth(), async (req, res) => {
  const { signal } = (await auth.authenticate(req)) ?? {}
  res.write('open ')
  signal?.addEventListener('abort', () => res.end(signal.reason.code))
})
app.get('/', (_req, res) => void res.send('home'))
// What Express would print to the log of the tests.
app.use((error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ code: error.code ?? 'unexpected' })
})
server.on('request', app)

process.on('message', ({ advance = 0, isRedisDown: isDown = isRedisDown }) => {
  ahead += advance * 1000
  isRedisDown = isDown
  process.send?.({ isDone: true })
})
process.on('disconnect', () => process.exit())
process.send?.({ port: ownPort })
