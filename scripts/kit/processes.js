import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { overHttp1 } from './transports.js'

// Below the ports that systems give to connections, and to servers that ask for any port (32768 and above): nobody else gets one of
// these between the probe and its use. The tests have those from 20000 on.
const [firstPort, endOfPorts] = [10_000, 20_000]

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort() {
  for (;;) {
    const port = randomInt(firstPort, endOfPorts)
    if (await isFree(port)) return port
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

/** Whether a program is on this machine. */
export function has(program, ...args) {
  const { error, status } = spawnSync(program, args.length === 0 ? ['--version'] : args, { stdio: 'ignore' })
  return error === undefined && (args.length === 0 || status === 0)
}

/** Runs a program to its end. */
export function run(program, args, options = {}) {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args[0] ?? ''} ended with ${status}: ${stderr?.slice(-300)}`)
}

/**
 * Starts a program, with all that it starts itself as one group, and waits until a URL answers: well, or with `whatever` in any way.
 * Its words go to a file. It ends with this process.
 */
export async function start(program, args, { log, url, ca, whatever = false, seconds = 120, ...options }) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options })
  const file = createWriteStream(log)
  child.stdout.pipe(file)
  child.stderr.pipe(file)
  const kill = () => process.kill(-child.pid, 'SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const close = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    kill()
    await once(child, 'exit')
  }
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(300)) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: see ${log}`)
    if (await answers(url, ca, whatever)) return { close }
  }
  await close()
  throw new Error(`${program} did not answer within ${seconds} seconds: see ${log}`)
}

async function answers(url, ca, whatever) {
  try {
    if (whatever) return (await overHttp1(url, { method: 'GET', headers: {}, ca })).status !== undefined
    if (ca === undefined) return (await fetch(url)).ok
    return (await overHttp1(url, { method: 'GET', headers: {}, ca })).status === 200
  } catch {
    return false
  }
}
