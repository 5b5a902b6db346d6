import { answerCalls } from '../harness/child.js'
import { interleaved } from '../harness/rounds.js'
import { createMint } from '../issuer/tokens.js'
import { contenders } from './contenders.js'
import { fault, sharesClaims } from './gate.js'
import { tokenSource } from './token-source.js'

let trust
let entries = []

answerCalls({
  /** Keeps only libraries that accept valid tokens and reject invalid ones. */
  async prepare({ trust: given, only }) {
    trust = given
    const gate = []
    entries = []
    for (const contender of contenders(trust.key.alg, { only })) {
      const validate = await contender.validator(trust)
      const problem = contender.kind === 'limit' ? undefined : await fault(trust, accepting(contender, validate))
      const shares =
        contender.kind !== 'limit' && problem === undefined && (await sharesClaims(trust, through(contender, validate)))
      gate.push({ name: contender.name, problem, shares })
      if (problem === undefined) entries.push({ contender, validate })
    }
    return gate
  },

  /** Measures one scenario: `unseen`, `thousand` (in turn) or `single`. */
  async measure({ scenario, rounds, batchMs, maxBatch }) {
    const source = tokenSource(createMint(trust), scenario, { count: rounds * maxBatch, warmUp: 2000 })
    for (const entry of entries) entry.batch = await warmUp(entry, source, { batchMs, maxBatch })
    const turns = await interleaved(entries, rounds, async (entry, round) => {
      const tokens = source.batch(entry.batch, round, maxBatch).map(entry.contender.prepare)
      // What the one before left behind is not this one's work.
      globalThis.gc({ type: 'minor' })
      return timed(entry.validate, tokens)
    })
    return [...turns].map(([{ contender }, list]) => ({ name: contender.name, turns: list }))
  },
})

// Enough calls for the compiler, and for caches to be full; then the size of a batch that takes about `batchMs`.
async function warmUp({ contender, validate }, source, { batchMs, maxBatch }) {
  let last
  const start = performance.now()
  for (const tokens of source.warmUps()) {
    last = await timed(validate, tokens.map(contender.prepare))
    if (!contender.caches && performance.now() - start > 300) break
  }
  return Math.max(10, Math.min(maxBatch, Math.round((batchMs * 1000) / last.wall)))
}

async function timed(validate, tokens) {
  const cpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  for (const token of tokens) {
    const result = validate(token)
    if (typeof result?.then === 'function') await result
  }
  const wall = Number(process.hrtime.bigint() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { wall: wall / tokens.length, cpu: (user + system) / tokens.length }
}

function through(contender, validate) {
  return async (token) => validate(contender.prepare(token))
}

function accepting(contender, validate) {
  return async (token) => {
    try {
      await validate(contender.prepare(token))
      return true
    } catch {
      return false
    }
  }
}
