import type { Runtime } from '../../base/runtime.js'

/** Waits for a random time within these bounds: processes that met once should not meet again. */
export function randomPause(
  runtime: Pick<Runtime, 'randomBytes'>,
  minMilliseconds: number,
  maxMilliseconds: number,
): Promise<void> {
  const share = (runtime.randomBytes(1)[0] ?? 0) / 255
  return new Promise((resolve) => {
    setTimeout(resolve, minMilliseconds + share * (maxMilliseconds - minMilliseconds))
  })
}
