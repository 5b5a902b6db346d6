/** Of a timer, as Node.js has it: `false` lets the process end before. */
interface TimerOptions {
  readonly ref?: boolean
}

/**
 * The result of work that has a deadline; the work itself goes on after it.
 *
 * @param late - makes the error for a missed deadline
 * @throws what the work throws in time, or the error of `late`
 */
export function withDeadline<T>(
  work: Promise<T>,
  milliseconds: number,
  late: () => Error,
  options?: TimerOptions,
): Promise<T> {
  return limited(work, milliseconds, (_resolve, reject) => reject(late()), options)
}

/**
 * Waits until work is done, for some time at most; the work itself goes on.
 *
 * @returns whether it was done in time
 * @throws what the work throws in time
 */
export function isDoneWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const done = work.then(() => true)
  return limited(done, milliseconds, (resolve) => resolve(false))
}

// Not async: what is done at once is known as soon as without a deadline, before the request that it is for goes on.
function limited<T>(
  work: Promise<T>,
  milliseconds: number,
  end: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  { ref = true }: TimerOptions = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(resolve, reject), milliseconds)
    if (!ref) timer.unref()
    const settle =
      <Value>(give: (value: Value) => void) =>
      (value: Value): void => {
        clearTimeout(timer)
        give(value)
      }
    work.then(settle(resolve), settle(reject))
  })
}
