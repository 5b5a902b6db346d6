// Mixed traffic while the provider and Redis are killed, paused and started again: `npm run soak -- --minutes 2`.
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Person } from './people.js'
import { freePort, nodeProgram, redisProgram } from './processes.js'
import { report } from './report.js'
import { disturb } from './strangers.js'
import { Tally } from './tally.js'

const usage = `npm run soak -- [--minutes 10] [--people 40] [--calm]

Runs two applications on one Redis and one provider, each as two processes: one has its sessions in sealed cookies, the other
in Redis. People sign in, read, refresh, call an API and sign out; strangers send garbage; the provider and Redis are killed,
paused and started again, unless it is --calm.

Ends with 1 unless nothing crashed, nothing hung, and no session was lost but to an answer that the provider gave into a dead
connection, or to a write that Redis did not take. Those are counted apart, each with what it was lost to.
Needs redis-server.`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    people: { type: 'string', default: '40' },
    calm: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const minutes = Number(values.minutes)
if (!(minutes > 0) || !(Number(values.people) > 0)) {
  console.error(usage)
  process.exit(2)
}

const audience = 'https://api.example.com'
const accessTokenSeconds = 12
const tally = new Tally()
const folder = mkdtempSync(join(tmpdir(), 'express-oidc-soak-'))
const logs = { state: join(folder, 'provider.log'), refreshes: join(folder, 'refreshes.log') }
const onCrash = (name, how) => tally.crashes.push({ name, how, at: Date.now() })
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'jwk' },
  publicKeyEncoding: { type: 'spki', format: 'jwk' },
})
const jwk = { ...privateKey, kid: 'soak', use: 'sig', alg: 'RS256' }

const redisPort = await freePort()
const redis = redisProgram(folder, redisPort, onCrash)
await redis.start()
const providerPort = await freePort()
const issuer = `http://127.0.0.1:${providerPort}`
const homes = { cookie: `http://127.0.0.1:${await freePort()}`, store: `http://127.0.0.1:${await freePort()}` }
const clients = Object.entries(homes).map(([name, home]) => ({
  client_id: name,
  client_secret: `a secret of ${name} for tests only, 32 characters`,
  redirect_uris: [`${home}/callback`],
  post_logout_redirect_uris: [`${home}/`],
  grant_types: ['authorization_code', 'refresh_token'],
}))
const orders = { port: providerPort, logs, clients, jwks: { keys: [jwk] }, audience, accessTokenSeconds }
const provider = nodeProgram('provider', '../kit/processes/provider.js', orders, onCrash)
await provider.start()

const programs = [redis, provider]
const endsAt = Date.now() + minutes * 60_000
const isOver = () => Date.now() >= endsAt
const applications = await Promise.all(clients.map(startApplication))

const people = applications.flatMap((application) =>
  Array.from(
    { length: Math.ceil(Number(values.people) / 2) },
    (_, index) => new Person(application, `${application.storage}-${index}`),
  ),
)
const traffic = [
  ...people.map((person) => person.live()),
  ...applications.flatMap((each) => [disturb(each), disturb(each)]),
]
const progress = setInterval(
  () => console.error(`${Math.max(0, Math.round((endsAt - Date.now()) / 1000))} s left: ${tally.summary()}`),
  15_000,
)
if (!values.calm) await makeTrouble()
await Promise.all(traffic)
clearInterval(progress)
// Whoever was told to come back later comes back, and all that should be there is there.
await Promise.all(people.map((person) => person.finish()))
for (const program of programs.reverse()) await program.kill()
process.exitCode = report(tally, logs.refreshes)
rmSync(folder, { recursive: true, force: true })

async function startApplication({ client_id: storage, client_secret: clientSecret }) {
  const home = homes[storage]
  const options = {
    issuer,
    clientId: storage,
    clientSecret,
    baseUrl: home,
    secret: 'a secret for tests only, 32 characters at least',
    scope: 'openid offline_access orders:read',
    resource: [audience],
  }
  const common = { options, redisUrl: `redis://127.0.0.1:${redisPort}`, storage, audience }
  const origins = []
  for (const [index, port] of [new URL(home).port, undefined].entries()) {
    const orders = { ...common, ...(port === undefined ? {} : { port: Number(port) }) }
    const program = nodeProgram(`${storage} ${index}`, '../kit/processes/app.js', orders, onCrash)
    const [greeting] = await program.start()
    programs.push(program)
    origins.push(`http://127.0.0.1:${greeting.port}`)
  }
  return {
    storage,
    home,
    origins,
    tally,
    isOver,
    issuer,
    clientId: storage,
    audience,
    mintLogout: (sub) => mintLogout(storage, sub),
  }
}

/** What the provider posts when it ends all sessions of somebody. */
function mintLogout(aud, sub) {
  const now = Math.floor(Date.now() / 1000)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const claims = { iss: issuer, aud, sub, iat: now, exp: now + 120, jti: randomUUID(), events }
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part({ alg: 'RS256', typ: 'logout+jwt', kid: 'soak' })}.${part(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), createPrivateKey({ key: jwk, format: 'jwk' })).toString('base64url')}`
}

/** Kills and pauses, again and again; some of it at the same time. */
async function makeTrouble() {
  while (!isOver()) {
    await pause(4000 + Math.random() * 6000)
    if (isOver()) return
    const victims = Math.random() < 0.2 ? [provider, redis] : [Math.random() < 0.5 ? provider : redis]
    await Promise.all(victims.map((victim) => (Math.random() < 0.5 ? kill(victim) : stop(victim))))
  }
}

async function kill(program) {
  const from = Date.now()
  await program.kill()
  await pause(500 + Math.random() * 4000)
  await program.start()
  tally.disturbances.push({ what: `${program.name} killed`, from, to: Date.now() })
}

async function stop(program) {
  const from = Date.now()
  program.pause()
  await pause(500 + Math.random() * 11_500)
  program.resume()
  tally.disturbances.push({ what: `${program.name} paused`, from, to: Date.now() })
}
