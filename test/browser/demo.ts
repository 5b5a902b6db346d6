import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { root } from '../setup/tree.js'
import { patienceMilliseconds } from './patience.js'

/** The demo as a person starts it, in a process of its own, on free ports. */
export interface Demo {
  /** Where browsers reach the web application, such as `http://localhost:41234`. */
  readonly app: string
  /** The issuer of the demo's own provider, such as `http://127.0.0.1:41235`: another site than the application. */
  readonly provider: string
  /** Stops it as Ctrl+C does, and gives its exit code. */
  close(): Promise<number | null>
}

/** How a run of the command line ended. */
export interface Ending {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the demo and waits until it says that it is there. */
export async function startDemo(args: readonly string[] = []): Promise<Demo> {
  const child = spawnDemo(args, { PORT: '0' })
  const said = await words(child)
  const [, app] = /^ +app +(\S+)$/m.exec(said) ?? []
  const [, provider] = /^ +provider +(\S+)/m.exec(said) ?? []
  if (app === undefined || provider === undefined) {
    await stop(child)
    throw new Error(`the demo said no addresses:\n${said}`)
  }
  return { app, provider, close: () => stop(child) }
}

/** Runs the command line to its end. The process sees the given variables only. */
export async function runDemo(args: readonly string[], variables: Record<string, string> = {}): Promise<Ending> {
  const child = spawnDemo(args, variables, patienceMilliseconds)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await exitCode(child), stdout, stderr }
}

function spawnDemo(args: readonly string[], variables: Record<string, string>, timeout?: number) {
  const env = { PATH: process.env['PATH'], ...variables }
  return spawn(process.execPath, ['example-app/main.js', ...args], {
    cwd: root,
    env,
    timeout,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

// What the demo prints until it is ready; where it ends instead, its complaint is the error.
async function words(child: ReturnType<typeof spawnDemo>): Promise<string> {
  const complaint = text(child.stderr)
  let said = ''
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk)
    if (said.includes('Ctrl+C')) {
      child.stdout.resume()
      return said
    }
  }
  throw new Error(`the demo did not start: ${await complaint}`)
}

async function stop(child: ChildProcess): Promise<number | null> {
  child.kill('SIGINT')
  return exitCode(child)
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}
