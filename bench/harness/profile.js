import { Session } from 'node:inspector/promises'
import { number, section, table } from './table.js'

const shown = 18
const sampledMicroseconds = 200
const sampledBytes = 4096

let session

/** The child's side of a profile: methods for `answerCalls()`. */
export const profiling = {
  async startProfile({ kind }) {
    session ??= new Session()
    session.connect()
    if (kind === 'cpu') {
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: sampledMicroseconds })
      await session.post('Profiler.start')
    } else {
      const collected = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true }
      await session.post('HeapProfiler.startSampling', { samplingInterval: sampledBytes, ...collected })
    }
  },
  /** Each function with its own microseconds, or with the bytes it has allocated. */
  async stopProfile({ kind }) {
    const method = kind === 'cpu' ? 'Profiler.stop' : 'HeapProfiler.stopSampling'
    const { profile } = await session.post(method)
    session.disconnect()
    return summed(kind === 'cpu' ? timedFrames(profile) : allocatedFrames(profile.head))
  },
}

function* timedFrames({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  for (const [i, id] of samples.entries()) yield [frames.get(id), timeDeltas[i]]
}

function* allocatedFrames({ callFrame, selfSize, children }) {
  yield [callFrame, selfSize]
  for (const child of children) yield* allocatedFrames(child)
}

function summed(frames) {
  const sums = new Map()
  for (const [{ functionName, url, lineNumber }, amount] of frames) {
    const name = `${functionName || '(anonymous)'} ${place(url, lineNumber)}`
    sums.set(name, (sums.get(name) ?? 0) + amount)
  }
  return [...sums].sort(([, a], [, b]) => b - a)
}

// A package and its file, or the last two folders.
function place(url, line) {
  if (url === '') return ''
  const path = url.includes('/node_modules/') ? url.split('/node_modules/').at(-1) : url.split('/').slice(-2).join('/')
  return `${path}:${line + 1}`
}

/**
 * Prints which functions take the time of one request, and which allocate.
 *
 * @param child - a process whose calls include those of `profiling`
 * @param send - makes requests, and resolves with how many
 */
export async function reportProfile(title, child, send) {
  await send()
  await child.call('startProfile', { kind: 'cpu' })
  const timed = await send()
  const times = (await child.call('stopProfile', { kind: 'cpu' })).filter(
    ([name]) => !/^(?:\((?:idle|program|root)\)|dispatch $)/.test(name),
  )
  await child.call('startProfile', { kind: 'heap' })
  const counted = await send()
  const bytes = await child.call('stopProfile', { kind: 'heap' })
  const sum = (list) => list.reduce((total, [, amount]) => total + amount, 0)
  section(
    title,
    `${number(sum(times) / timed)} us and ${Math.round(sum(bytes) / counted)} bytes of JavaScript objects per request.`,
    table(['own time', 'us', '%'], shares(times, sum(times), timed)),
    table(['allocates', 'bytes', '%'], shares(bytes, sum(bytes), counted)),
  )
}

function shares(list, total, count) {
  return list
    .slice(0, shown)
    .map(([name, amount]) => [name.replaceAll('|', '\\|'), number(amount / count), ((100 * amount) / total).toFixed(1)])
}
