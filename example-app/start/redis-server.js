import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartError } from './start-error.js'

/**
 * Starts a redis-server of the demo's own: on a free loopback port, in a temporary folder, with a password. It writes nothing.
 *
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 * @throws {StartError}
 */
export async function startRedis() {
  const [port, folder] = await Promise.all([freePort(), mkdtemp(join(tmpdir(), 'express-oidc-demo-'))])
  const password = randomBytes(24).toString('base64url')
  const server = spawn('redis-server', ['-'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const close = async () => {
    await ended(server)
    await rm(folder, { recursive: true, force: true })
  }
  const settings = { bind: '127.0.0.1', port, dir: folder, save: '""', appendonly: 'no', requirepass: password }
  try {
    server.stdin.on('error', () => {})
    // Not as arguments, which everybody on the machine can read.
    server.stdin.end(
      Object.entries(settings)
        .map(([name, value]) => `${name} ${value}\n`)
        .join(''),
    )
    await ready(server)
  } catch (error) {
    await close()
    throw startFailure(Object(error))
  }
  return { url: `redis://:${password}@127.0.0.1:${port}`, close }
}

/** @param {{ code?: string, message?: string }} error */
function startFailure({ code, message }) {
  if (code !== 'ENOENT') return new StartError(`redis-server does not start: ${message}`)
  return new StartError('--redis needs redis-server, which is not installed: "apt-get install redis-server" gets it')
}

/** @param {import('node:child_process').ChildProcess} server */
async function ready(server) {
  /** @type {Promise<void>} */
  const isThere = new Promise((resolve, reject) => {
    let said = ''
    server.on('error', reject).once('exit', () => reject(new Error(said.trim().split('\n').at(-1))))
    // Keep reading, so that its pipe never fills up.
    server.stdout?.setEncoding('utf8').on('data', (text) => {
      if (/Ready to accept connections/.test((said = (said + text).slice(-4000)))) resolve()
    })
  })
  await isThere
}

/** @param {import('node:child_process').ChildProcess} server */
async function ended(server) {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGKILL')
  await once(server, 'exit')
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
