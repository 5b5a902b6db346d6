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
