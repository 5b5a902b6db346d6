import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program that may be killed, started again, stopped and continued; what ends without being killed has crashed. */
export class Program {
  #start
  #child
  #isEnding = false
  #onCrash

  constructor(name, start, onCrash) {
    this.name = name
    this.#start = start
    this.#onCrash = onCrash
  }

  async start() {
    const { child, ready } = this.#start()
    this.#child = child
    this.#isEnding = false
    let complaints = ''
    child.stderr?.setEncoding('utf8').on('data', (text) => (complaints = (complaints + text).slice(-4000)))
    child.once('exit', (code, signal) => {
      if (!this.#isEnding) this.#onCrash(this.name, `${code ?? signal}\n${complaints}`)
    })
    return ready
  }

  async kill() {
    this.#isEnding = true
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  pause() {
    this.#child.kill('SIGSTOP')
  }

  resume() {
    this.#child.kill('SIGCONT')
  }
}

/** A script of Node that says when it is ready; it gets its orders as JSON. */
export function nodeProgram(name, script, orders, onCrash) {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const start = () => {
    const child = fork(path, [JSON.stringify(orders)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
    return { child, ready: once(child, 'message') }
  }
  return new Program(name, start, onCrash)
}

/** A redis-server that writes each change to its log before it answers: a kill loses nothing. */
export function redisProgram(folder, port, onCrash) {
  const data = join(folder, 'redis')
  mkdirSync(data)
  const file = join(folder, 'redis.conf')
  const settings = { port, bind: '127.0.0.1', dir: data, save: '""', appendonly: 'yes', appendfsync: 'always' }
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  )
  const start = () => {
    const child = spawn('redis-server', [file], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ready = new Promise((resolve, reject) => {
      let said = ''
      child.once('error', reject)
      child.stdout.setEncoding('utf8').on('data', (text) => {
        if (/Ready to accept connections/.test((said = (said + text).slice(-4000)))) resolve(undefined)
      })
    })
    return { child, ready }
  }
  return new Program('redis', start, onCrash)
}

/** A port that nothing listens on just now. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}
