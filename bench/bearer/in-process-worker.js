import { answerCalls } from '../harness/child.js'
import { createMint } from '../issuer/tokens.js'
import { contenderNamed } from './contenders.js'
import { fault, sharesClaims } from './gate.js'
import { tokenSource } from './token-source.js'

const state = {}

answerCalls({
  /** Makes one validator, and tries it out. */
  async prepare({ name, trust }) {
    const contender = contenderNamed(name)
    const validate = await contender.validator(trust)
    Object.assign(state, { trust, contender, validate })
    if (contender.kind === 'limit') return {}
    const accepts = async (token) => {
      try {
        await validate(contender.prepare(token))
        return true
      } catch {
        return false
      }
    }
    const problem = await fault(trust, accepts)
    const shares =
      problem === undefined && (await sharesClaims(trust, async (token) => validate(contender.prepare(token))))
    return { problem, shares }
  },
  /** Compiles and fills caches: enough calls for both. */
  async warmUp({ scenario, rounds, maxBatch, batchMs }) {
    const source = tokenSource(createMint(state.trust), scenario, { count: rounds * maxBatch, warmUp: 2000 })
    Object.assign(state, { source, maxBatch })
    const { contender, validate } = state
    let last
    const start = performance.now()
    for (const tokens of source.warmUps()) {
      last = await timed(validate, tokens.map(contender.prepare))
      if (!contender.caches && performance.now() - start > 300) break
    }
    state.batch = Math.max(10, Math.min(maxBatch, Math.round((batchMs * 1000) / last.wall)))
  },
  /** One turn. */
  measure({ round }) {
    const { source, batch, maxBatch, contender, validate } = state
    const tokens = source.batch(batch, round, maxBatch).map(contender.prepare)
    // What was left behind before is not this turn's work.
    globalThis.gc({ type: 'minor' })
    return timed(validate, tokens)
  },
})

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
