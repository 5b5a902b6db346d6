import { TestEnvironment } from 'jest-environment-node'
import { AsyncLocalStorage } from 'node:async_hooks'
import './code-cache.js'

/** What the files that this worker has run so far have covered: the counters that are not 0, by path. */
const covered = new Map()
/** The storages that the running file has used. */
const storages = new Set()

for (const name of ['run', 'enterWith']) {
  const { [name]: original } = AsyncLocalStorage.prototype
  AsyncLocalStorage.prototype[name] = function (...args) {
    storages.add(this)
    return original.apply(this, args)
  }
}

/** Jest's own environment, which leaves behind nothing that makes the files after it slower. */
export default class LeavingNothingEnvironment extends TestEnvironment {
  handleTestEvent({ name }) {
    // Jest copies what is here, sends it to its main process and merges it there: most of the work of counting, and for nothing
    // where another file has covered the same.
    if (name === 'teardown') dropKnown(this.global.__coverage__ ?? {})
  }

  async teardown() {
    // Node.js 20 and 22 hand every storage that was ever used on to every promise.
    for (const storage of storages) storage.disable()
    storages.clear()
    await super.teardown()
  }
}

function dropKnown(coverage) {
  for (const [path, { s, f, b }] of Object.entries(coverage)) {
    const counters = Object.entries({ s, f, b }).flatMap(([kind, counts]) => hitsOf(kind, counts))
    const known = covered.get(path)
    if (known !== undefined && counters.every((counter) => known.has(counter))) delete coverage[path]
    covered.set(path, new Set([...(known ?? []), ...counters]))
  }
}

// Of a branch there is a counter for each way.
function hitsOf(kind, counts) {
  return Object.entries(counts).flatMap(([id, count]) =>
    [count].flat().flatMap((each, way) => (each > 0 ? [`${kind}${id}.${way}`] : [])),
  )
}
