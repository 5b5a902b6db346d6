import { until } from './until.js'

/**
 * Runs something, and tells how long the timers are that are set meanwhile, in milliseconds: what its waits are limited to,
 * on any machine.
 */
export async function timersDuring<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly waits: readonly number[] }> {
  const { setTimeout: real } = globalThis
  const waits: number[] = []
  const watched = (handler: () => void, milliseconds = 0, ...args: readonly unknown[]): unknown => {
    waits.push(milliseconds)
    return Reflect.apply(real, globalThis, [handler, milliseconds, ...args])
  }
  globalThis.setTimeout = Object.assign(watched as typeof real, real)
  try {
    return { result: await work(), waits }
  } finally {
    globalThis.setTimeout = real
  }
}

/**
 * Runs something that a deadline of this many seconds ends, without waiting for it: timers of that length are due as soon as
 * the call that never ends is under way. All that has to succeed before has the whole time, however slow the machine is.
 *
 * @param hangs - whether that call is under way; left out where there is nothing before it
 */
export async function pastDeadline<Result>(
  seconds: number,
  work: () => Promise<Result>,
  hangs: () => boolean = () => true,
): Promise<Result> {
  const { setTimeout: real, clearTimeout: clear } = globalThis
  type Timer = Parameters<typeof clear>[0]
  const due = new Map<Timer, () => void>()
  const watched = (handler: () => void, milliseconds = 0, ...args: readonly unknown[]): unknown => {
    const timer: Timer = Reflect.apply(real, globalThis, [handler, milliseconds, ...args])
    if (milliseconds === seconds * 1000) due.set(timer, () => Reflect.apply(handler, undefined, args))
    return timer
  }
  const forget = (timer: Timer): void => {
    due.delete(timer)
    clear(timer)
  }
  globalThis.setTimeout = Object.assign(watched as typeof real, real)
  globalThis.clearTimeout = forget
  let isOver = false
  const watching = until(() => {
    if (hangs()) {
      for (const [timer, end] of [...due].filter(([each]) => due.has(each))) {
        forget(timer)
        end()
      }
    }
    return isOver
  })
  try {
    return await work()
  } finally {
    isOver = true
    await watching
    Object.assign(globalThis, { setTimeout: real, clearTimeout: clear })
  }
}
