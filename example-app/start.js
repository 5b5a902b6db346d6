import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { optionsFromEnv } from 'express-oidc'
import { accessTokenSeconds, billingAudience } from './api-calls.js'
import { closeServer, listen, machineClient, startProvider, webClient } from './provider.js'
import { createApp } from './server.js'
import { portError, StartError, startError } from './start-error.js'
import { startWebProcesses } from './web-processes.js'

const clientId = 'demo-app'
const ownAudience = 'urn:example:api'
const tokens = { accessTokenSeconds, exchangeFor: { [billingAudience]: 'bills:read' } }

/**
 * @typedef {object} RunningDemo
 * @property {string} url
 * @property {string} issuer
 * @property {boolean} embedded Whether the provider is the demo's own.
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
    const provider = embedded ? await ownProvider(env, port, baseUrl) : undefined
    if (provider !== undefined) closers.push(provider.close)
    const secrets = { SESSION_SECRET: randomBytes(32).toString('base64url') }
    const options = optionsFromEnv({ ...secrets, ...env, BASE_URL: baseUrl, ...provider?.env })
    const scope = embedded ? { scope: 'openid profile email orders:read' } : {}
    const serve = redis ? startWebProcesses : startHere
    const web = await serve({
      oidc: { ...options, ...scope },
      embedded,
      ...(embedded ? { audience: ownAudience } : env.AUDIENCE ? { audience: env.AUDIENCE } : {}),
      ...(provider === undefined ? {} : { machine: provider.machine }),
    })
    closers.push(web.close)
    handler = web.handler
    return { url: baseUrl, issuer: options.issuer, embedded, processes: web.processes, close }
  } catch (error) {
    await close()
    throw startError(error, env.ISSUER ?? 'the own provider')
  }
}

/** @param {import('./server.js').AppOptions} options */
async function startHere(options) {
  const { app, ready } = createApp(options)
  await ready()
  return { handler: app, processes: () => [process.pid], close: async () => {} }
}

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {number} port
 * @param {string} baseUrl
 */
async function ownProvider(env, port, baseUrl) {
  const clientSecret = randomBytes(32).toString('base64url')
  const wanted = portOf(env, 'PROVIDER_PORT', env.PORT === '0' ? 0 : port + 1)
  const machine = { clientId: 'demo-machine', clientSecret: randomBytes(16).toString('hex') }
  const backchannelLogoutUrl = `http://127.0.0.1:${port}/backchannel-logout`
  const clients = [
    webClient({ clientId, clientSecret, baseUrl, exchanges: true, backchannelLogoutUrl }),
    machineClient(machine),
  ]
  const { issuer, close } = await startProvider({ port: wanted, clients, ...tokens }).catch((error) => {
    throw portError(error, wanted, 'PROVIDER_PORT')
  })
  return { close, machine, env: { ISSUER: issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } }
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
