import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below those that systems give to connections, and to servers that ask for any port (32768 and above): no other test can get one of
// these between the probe and its use. Each of Jest's workers has its own.
const first = 20_000
const perWorker = 1500
const workers = 8
/** What a test has got, and may not listen on yet. */
const taken = new Set<number>()

/** A port that nothing listens on, for a program that must be told its port. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % workers
  for (;;) {
    const port = first + worker * perWorker + randomInt(perWorker)
    if (taken.has(port)) continue
    taken.add(port)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
