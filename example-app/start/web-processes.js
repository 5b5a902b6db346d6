import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { proxy } from './proxy.js'
import { startRedis } from './redis-server.js'

const program = fileURLToPath(new URL('./web-process.js', import.meta.url))
const count = 2

/** @typedef {{ child: import('node:child_process').ChildProcess, pid: number, port: number }} WebProcess */

/**
 * Starts the web application as two processes on one Redis, and a proxy before them.
 *
 * @param {import('../web/server.js').AppOptions} app
 * @returns {Promise<{ handler: import('node:http').RequestListener, processes: () => number[], close: () => Promise<void> }>}
 * @throws {import('./start-error.js').StartError}
 */
export async function startWebProcesses(app) {
  const redis = await startRedis()
  const children = Array.from({ length: count }, () => fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }))
  const close = async () => {
    await Promise.all(children.map(ended))
    await redis.close()
  }
  try {
    /** @type {WebProcess[]} */
    const all = await Promise.all(children.map((child) => served(child, { app, redisUrl: redis.url })))
    const running = () => all.filter(({ child }) => isRunning(child))
    const processes = () => running().map(({ pid }) => pid)
    const announce = () => {
      for (const { child } of running()) child.send({ running: processes() }, () => {})
    }
    for (const { child } of all) {
      child.once('exit', announce)
      child.on('message', (/** @type {any} */ { stop }) => all.find(({ pid }) => pid === stop)?.child.kill('SIGKILL'))
    }
    announce()
    return { handler: proxy(() => running().map(({ port }) => port)), processes, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {object} settings By message: arguments and variables can be read from outside.
 * @returns {Promise<WebProcess>}
 */
async function served(child, settings) {
  // A process that has just died accepts no message; its exit event reports that.
  child.on('error', () => {})
  child.send({ ...settings })
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  const { port, failed } = Object(message)
  if (typeof port === 'number') return { child, pid: Number(child.pid), port }
  throw Object.assign(new Error(failed?.message ?? 'a process of the web application ended'), failed)
}

/** @param {import('node:child_process').ChildProcess} child */
function isRunning({ exitCode, signalCode }) {
  return exitCode === null && signalCode === null
}

/** @param {import('node:child_process').ChildProcess} child */
async function ended(child) {
  if (!isRunning(child)) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
