import TestRunner from 'jest-runner'

// Modules of past files stay in a worker's memory: some 40 MB a file, so that all of them would not fit.
const filesPerWorkers = 75

/**
 * Jest's own runner, which gives each batch of files new workers. Jest's `workerIdleMemoryLimit` ends workers too, but
 * while their next file is under way already.
 */
export default class FreshWorkersRunner extends TestRunner {
  async runTests(tests, watcher, options) {
    for (let first = 0; first < tests.length; first += filesPerWorkers) {
      await super.runTests(tests.slice(first, first + filesPerWorkers), watcher, options)
    }
  }
}
