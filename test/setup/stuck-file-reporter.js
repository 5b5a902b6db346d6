const quietMinutes = 10

/**
 * Ends a run in which a test file has neither finished a test nor ended for ten minutes, and says which one. Jest's own
 * timeout cannot end a file whose code never gives up the processor, or whose worker is gone.
 */
export default class StuckFileReporter {
  #running = new Map()
  #timer = setInterval(() => this.#look(), 30_000).unref()

  onTestFileStart({ path }) {
    this.#running.set(path, { at: Date.now(), last: 'none' })
  }

  onTestCaseResult({ path }, { fullName }) {
    this.#running.set(path, { at: Date.now(), last: fullName })
  }

  onTestFileResult({ path }) {
    this.#running.delete(path)
  }

  onRunComplete() {
    clearInterval(this.#timer)
  }

  #look() {
    for (const [path, { at, last }] of this.#running) {
      if (Date.now() - at < quietMinutes * 60_000) continue
      process.stderr.write(`STUCK ${path}: nothing for ${quietMinutes} minutes; the last test that ended: ${last}\n`)
      process.exit(1)
    }
  }
}
