import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of a test's own. */
export interface Child<Greeting> {
  /** What it said when it was ready. */
  readonly greeting: Greeting
  /** Tells it something that it knows of, and waits until that is so. */
  tell(message: object): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))

/** Starts a script of this folder and waits until it says that it is ready. It gets its orders as JSON. */
export async function startChild<Greeting>(script: string, orders: object): Promise<Child<Greeting>> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = fork(path, [JSON.stringify(orders)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  running.add(child)
  const exited = once(child, 'exit').then(() => running.delete(child))
  let complaints = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-4000)))
  const ended = exited.then((): never => {
    throw new Error(`${script} ended before it was ready:\n${complaints}`)
  })
  const ready = once(child, 'message').then(([greeting]) => greeting as Greeting)
  const greeting = await Promise.race([ready, ended])
  ended.catch(() => undefined)
  return {
    greeting,
    async tell(message) {
      const done = once(child, 'message')
      child.send(message)
      await done
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
