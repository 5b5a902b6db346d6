import { execFileSync, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const taskset = ['/usr/bin/taskset', '/bin/taskset'].find((file) => existsSync(file))

/** Whether children stay on the core that they are given. */
export const canPin = taskset !== undefined && availableParallelism() > 1

/** Keeps this process, and what it starts without naming a core, away from the core of the servers. */
export function keepToCore() {
  if (canPin) execFileSync(taskset, ['-cp', '1', String(process.pid)], { stdio: 'ignore' })
}

/**
 * Starts a module as a separate process that answers calls.
 *
 * @param file - relative to bench/
 * @param cpu - index of the core it stays on, where that is possible
 */
export function startChild(file, { cpu, execArgv = [] } = {}) {
  const node = [process.execPath, ...execArgv, fileURLToPath(new URL(`../${file}`, import.meta.url))]
  const [command, ...args] = cpu === undefined || !canPin ? node : [taskset, '-c', String(cpu), ...node]
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
  const waiting = new Map()
  let calls = 0
  child.on('message', ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) resolve(result)
    else reject(new Error(`${file}: ${error}`))
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with code ${code}`))
  })
  return {
    call(name, parameters) {
      const id = ++calls
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        child.send({ id, name, parameters })
      })
    },
    stop: () => child.disconnect(),
  }
}

/** The child's side: answers calls by name, one after the other, until the parent lets go. */
export function answerCalls(methods) {
  let queue = Promise.resolve()
  process.on('message', ({ id, name, parameters }) => {
    queue = queue.then(async () => {
      try {
        process.send({ id, result: await methods[name](parameters) })
      } catch (error) {
        process.send({ id, error: error.stack })
      }
    })
  })
  process.on('disconnect', () => process.exit())
}
