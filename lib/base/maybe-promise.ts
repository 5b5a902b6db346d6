/** A value, or a promise of it if something has to be awaited. */
export type MaybePromise<T> = T | Promise<T>

/** Passes a value on; synchronously, unless it is a promise. */
export function whenDone<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
