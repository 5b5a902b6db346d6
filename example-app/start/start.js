import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { optionsFromEnv } from 'express-oidc'
import { ownAudience, startOwnProviders } from './own-providers.js'
import { closeServer, listen } from '../provider/provider.js'
import { createApp } from '../web/server.js'
import { portError, StartError, startError } from './start-error.js'
import { startWebProcesses } from './web-processes.js'

const ownScope = 'openid profile email orders:read'

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
 * @param {{ redis?: boolean }} [how] `redis`: as two processes on one Redis. Default: in this process.
 * @returns {Promise<RunningDemo>}
 * @throws {StartError}
 */
export async function start(env, { redis = false } = {}) {
  const embedded = !env.ISSUER
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
    const setUp = await setUpFor(env, place, embedded)
    closers.push(setUp.close)
    const web = await (redis ? startWebProcesses : startHere)(setUp.app)
    closers.push(web.close)
    handler = web.handler
    return { url: baseUrl, providers: setUp.providers, embedded, processes: web.processes, close }
  } catch (error) {
    await close()
    throw startError(error, env.ISSUER || 'the own provider')
  }
}

/** @param {import('../web/server.js').AppOptions} options */
async function startHere(options) {
  const { app, ready } = createApp(options)
  await ready()
  return { handler: app, processes: () => [process.pid], close: async () => {} }
}

/** @typedef {Readonly<Record<string, string | undefined>>} Env */

/**
 * What the application needs for its provider: the embedded one, or that of the variables.
 *
 * @param {Env} env
 * @param {import('./own-providers.js').Place} place
 * @param {boolean} embedded
 */
async function setUpFor(env, place, embedded) {
  const own = embedded ? await startOwnProviders(place) : undefined
  const close = own?.close ?? (async () => {})
  try {
    const oidc = optionsFromEnv({ ...newSecret(), ...env, BASE_URL: place.baseUrl, ...own?.env })
    const { baseUrl } = place
    if (own === undefined) {
      const { AUDIENCE: audience } = env
      const app = { oidc: { ...oidc, baseUrl }, ...(audience ? { audience } : {}) }
      return { close, app, providers: [{ issuer: oidc.issuer, note: '' }] }
    }
    const [company = '', home = ''] = own.issuers
    const app = { oidc: { ...oidc, baseUrl, scope: ownScope }, audience: ownAudience, own: own.own }
    const providers = [
      { issuer: company, note: 'its own: alice or bob, no passwords' },
      { issuer: home, note: 'a second one: another alice, or carol' },
    ]
    return { close, app, providers }
  } catch (error) {
    await close()
    throw error
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
