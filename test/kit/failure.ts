/** The error that a promise or a function ends with: tests look into it freely. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<any> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    return error
  }
  throw new Error('expected a failure')
}
