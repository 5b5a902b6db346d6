import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.js'

/** A redis-server of a test's own, on loopback, that keeps its data over a crash. */
export interface RedisServer {
  readonly port: number
  /** Such as `redis://127.0.0.1:40123`. */
  readonly url: string
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>
  /** Starts it again after `kill()`, on the same port and with the same data. */
  restart(): Promise<void>
  /** Has it hang: connections stay open, and nothing is answered. */
  pause(): void
  /** Ends a pause: what was sent meanwhile is done now. */
  resume(): void
  /** Ends it and removes its files; does nothing where that has been done. */
  stop(): Promise<void>
}

/** How a server is started. */
export interface RedisServerOptions {
  /** The program, which `describeWith('redis-server', …)` has found. */
  readonly path?: string
  /** Further settings, such as `{ replicaof: '127.0.0.1 40123' }`. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Whether it is a sentinel. */
  readonly isSentinel?: boolean
  /** What it says once it is there. */
  readonly readyLine?: RegExp
}

/** Starts a redis-server on a free port and waits until it takes connections. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'express-oidc-redis-'))
  mkdirSync(join(folder, 'data'))
  const file = join(folder, 'redis.conf')
  const common = { port, bind: '127.0.0.1', dir: join(folder, 'data'), 'protected-mode': 'no' }
  // Written to the disk before it is answered, so that a crash loses nothing.
  const lasting = { save: '""', appendonly: 'yes', appendfsync: 'always', 'repl-diskless-sync-delay': 0 }
  const settings = { ...common, ...(options.isSentinel ? {} : lasting), ...options.settings }
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`)
  writeFileSync(file, lines.join(''))

  const start = () => run(options, file)
  let child = await start()
  const kill = () => ended(child, 'SIGKILL')
  const stop = async () => {
    await kill()
    // Its child that writes a snapshot may live a little longer.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    unfinished.delete(stop)
  }
  unfinished.add(stop)
  return {
    port,
    stop,
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: async () => void (child = await start()),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  }
}

const unfinished = new Set<() => Promise<void>>()

/** Ends what a failed test has left behind: for `afterAll()`. */
export async function stopEveryRedis(): Promise<void> {
  await Promise.all([...unfinished].map((stop) => stop()))
}

/** Starts the program and waits for its own word that it is there. */
function run({ path = 'redis-server', isSentinel, readyLine }: RedisServerOptions, file: string) {
  const ready = readyLine ?? (isSentinel ? /Sentinel ID is/ : /Ready to accept connections/)
  const child = spawn(path, isSentinel ? [file, '--sentinel'] : [file], { stdio: ['ignore', 'pipe', 'ignore'] })
  return new Promise<ChildProcess>((resolve, reject) => {
    let said = ''
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`redis-server ended:\n${said}`)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      // Read on, so that the pipe never fills up; kept only until it is there.
      if (ready.test((said += text))) resolve(child)
    })
  })
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}
