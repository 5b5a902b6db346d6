import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { optionsFromEnv } from 'express-oidc'
import { startOne, startTwo } from './own-providers.js'
import { closeServer, listen } from './provider.js'
import { createApp } from './server.js'
import { portError, StartError, startError } from './start-error.js'
import { startWebProcesses } from './web-processes.js'

const ownAudience = 'urn:example:api'

/**
 * @typedef {object} RunningDemo
 * @property {string} url
 * @property {boolean} embedded Whether the providers are the demo's own.
 * @property {readonly { issuer: string, note: string }[]} providers `note`: who lives there.
 * @property {() => number[]} processes The ids of those that serve the web application just now.
 * @property {() => Promise<void>} close
 */

/**
 * Starts the web application, and an embedded provider unless `ISSUER` names one.
 *
 * @param {Readonly<Record<string, string | undefined>>} env `PORT`, `BASE_URL`, `ISSUER`, `CLIENT_ID`, `CLIENT_SECRET`, `SESSION_SECRET`, `PROVIDER_PORT`.
 * @param {{ redis?: boolean, two?: boolean }} [how] `redis`: as two processes on one Redis. Default: in this process. `two`: with
 *   two embedded providers.
 * @returns {Promise<RunningDemo>}
 * @throws {StartError}
 */
export async function start(env, { redis = false, two = false } = {}) {
  const embedded = !env.ISSUER
  if (two && !embedded) throw new StartError('--two brings two providers of its own: leave ISSUER unset')
  const stray = ['CLIENT_ID', 'CLIENT_SECRET'].find((name) => embedded && env[name])
  if (stray !== undefined) throw new StartError(`${stray} is set, but ISSUER is not: set both, or neither`)

  /** @type {import('node:http').RequestListener} */
  let handler = (_req, res) => void res.writeHead(503, { 'Retry-After': '1' }).end('starting')
  const server = createServer((req, res) => handler(req, res))
  const port = await bind(server, portOf(env, 'PORT', 3000), 'PORT')
  /** @type {(() => Promise<void>)[]} */
  const closers = [() => closeServer(server)]
  const close = async () => void (await Promise.all(closers.map((closer) => closer())))

  try {
    const baseUrl = baseUrlOf(env, port)
    const place = { port: embedded ? providerPort(env, port) : 0, appPort: port, baseUrl }
    const setUp = two ? await withTwo(env, place) : await withOne(env, place, embedded)
    closers.push(setUp.close)
    const web = await (redis ? startWebProcesses : startHere)({ ...setUp.app, embedded })
    closers.push(web.close)
    handler = web.handler
    return { url: baseUrl, providers: setUp.providers, embedded, processes: web.processes, close }
  } catch (error) {
    await close()
    throw startError(error, env.ISSUER || 'the own provider')
  }
}

/** @param {import('./server.js').AppOptions} options */
async function startHere(options) {
  const { app, ready } = createApp(options)
  await ready()
  return { handler: app, processes: () => [process.pid], close: async () => {} }
}

/** @typedef {Readonly<Record<string, string | undefined>>} Env */
/** @typedef {import('./own-providers.js').Place} Place */

/**
 * What the application needs for one provider: the embedded one, or that of the variables.
 *
 * @param {Env} env
 * @param {Place} place
 * @param {boolean} embedded
 */
async function withOne(env, place, embedded) {
  const own = embedded ? await startOne(place) : undefined
  const close = own?.close ?? (async () => {})
  try {
    const oidc = optionsFromEnv({ ...newSecret(), ...env, BASE_URL: place.baseUrl, ...own?.env })
    const audience = embedded ? ownAudience : env.AUDIENCE || undefined
    const app = {
      oidc: { ...oidc, ...(embedded ? { scope: 'openid profile email orders:read' } : {}) },
      ...(audience === undefined ? {} : { audience }),
      ...(own === undefined ? {} : { machine: own.machine, pushAuthorization: own.pushAuthorization }),
    }
    return {
      close,
      app,
      providers: [{ issuer: oidc.issuer, note: embedded ? 'its own: alice or bob, no passwords' : '' }],
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * What the application needs for the two embedded providers.
 *
 * @param {Env} env
 * @param {Place} place
 */
async function withTwo(env, place) {
  const secret = env.SESSION_SECRET || newSecret().SESSION_SECRET
  const { close, providers } = await startTwo(place)
  const oidc = { providers, baseUrl: place.baseUrl, secret, scope: 'openid profile email' }
  const [company, home] = Object.values(providers).map(({ issuer }) => issuer)
  return {
    close,
    app: { oidc },
    providers: [
      { issuer: String(company), note: 'Company: alice or bob, no passwords' },
      { issuer: String(home), note: 'Home: another alice, or carol' },
    ],
  }
}

function newSecret() {
  return { SESSION_SECRET: randomBytes(32).toString('base64url') }
}

/**
 * @param {Env} env
 * @param {number} port Of the application.
 */
function providerPort(env, port) {
  return portOf(env, 'PROVIDER_PORT', env.PORT === '0' ? 0 : port + 1)
}

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {string} name
 * @param {number} fallback
 */
function portOf(env, name, fallback) {
  const value = env[name]
  if (!value) return fallback
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
    throw new StartError(`${name} must be a port number, not "${value}"`)
  return Number(value)
}

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {number} port
 */
function baseUrlOf(env, port) {
  const value = env.BASE_URL || `http://localhost:${port}`
  if (!/^https?:\/\//.test(value) || !URL.canParse(value))
    throw new StartError(`BASE_URL must be a URL such as http://localhost:${port}, not "${value}"`)
  return new URL(value).href.replace(/\/+$/, '')
}

/**
 * @param {import('node:http').Server} server
 * @param {number} port
 * @param {string} name
 */
async function bind(server, port, name) {
  return listen(server, port).catch((error) => {
    throw portError(error, port, name)
  })
}
