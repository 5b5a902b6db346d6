/** A value, or the promise of one where something has to be waited for. */
export type MaybePromise<T> = T | Promise<T>

/** Goes on with a value: at once where it is there, so that nothing waits without need. */
export function whenDone<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
