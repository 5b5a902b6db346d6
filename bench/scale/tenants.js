import { startChild } from '../harness/child.js'
import { startProviders } from '../tenants/providers.js'

const maxEntries = 500
const counted = 500

/** Gives a function that visits tenants up to a number, each size in a process of its own, and measures the last ones. */
export function visitTenants() {
  return async (tenants) => {
    const providers = await startProviders()
    const worker = startChild('tenants/worker.js', { execArgv: ['--expose-gc'], cpu: 0 })
    try {
      await worker.call('start', { providers: providers.origin, maxEntries })
      // The code is compiled, and the cache is full, at the smallest size as well.
      await worker.call('visit', { from: -3 * maxEntries, to: 0 })
      await worker.call('visit', { from: 0, to: tenants - counted })
      const before = await worker.call('cpu')
      await worker.call('visit', { from: tenants - counted, to: tenants })
      const cpu = ((await worker.call('cpu')) - before) / counted
      providers.closeIdle()
      const { bytes, timers } = await worker.call('retained')
      return {
        'CPU us': { value: cpu, isTimed: true },
        'MB of the process': { value: bytes / 1024 ** 2 },
        timers: { value: timers },
      }
    } finally {
      worker.stop()
      providers.stop()
    }
  }
}
