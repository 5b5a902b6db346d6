import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'

/** Waits until something is so, however long that takes here: what never comes true ends with the time limit of the test. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(2)
}

/**
 * Lets everything that is ready to go on go on. It counts turns of the event loop, not time: what is in this process, as
 * the answers of providers without sockets and of stores in memory are, takes a few of them on any machine.
 */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) await turn()
}
