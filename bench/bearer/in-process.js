import { startChild } from '../harness/child.js'
import { compare, reportComparison } from '../harness/comparison.js'
import { number } from '../harness/table.js'
import { algorithms } from '../issuer/keys.js'
import { contenders } from './contenders.js'

// Functions that had to wait for their turn keep their compiled code.
const execArgv = ['--expose-gc', '--no-flush-bytecode']
const titles = { unseen: 'every token new', thousand: '1000 tokens in turn', single: 'one token' }
const plans = {
  quick: { rounds: 5, sets: [2, 2], batches: { unseen: 150, thousand: 8000, single: 8000 }, batchMs: 10 },
  full: { rounds: 10, sets: [4, 10], batches: { unseen: 300, thousand: 20_000, single: 20_000 }, batchMs: 30 },
}
const own = 'express-oidc'

/** Measures validators without any HTTP, each in a process of its own, one algorithm after the other. */
export async function inProcess(command, issuer) {
  const plan = plans[command.quick ? 'quick' : 'full']
  for (const alg of command.algorithms ?? algorithms) {
    const trust = issuer.trust(alg)
    const { admitted, notes } = await admit(command, alg, trust)
    for (const [scenario, words] of Object.entries(titles)) {
      const { rounds, batchMs } = plan
      const settings = { scenario, rounds, batchMs, maxBatch: plan.batches[scenario] }
      const title = `In process, ${alg}, ${words}`
      const open = async ({ name, isNull }) => {
        const worker = startChild('bearer/in-process-worker.js', { cpu: 0, execArgv })
        await worker.call('prepare', { name: isNull ? own : name, trust })
        await worker.call('warmUp', settings)
        return { measure: (round) => worker.call('measure', { round }), close: () => worker.stop() }
      }
      reportComparison(await compare({ title, contenders: admitted, plan, open }), columns, ...notes)
    }
  }
}

const columns = [
  ['us', ({ wall }) => number(wall)],
  ['CPU us', ({ cpu }) => number(cpu)],
]

async function admit({ only }, alg, trust) {
  const admitted = []
  const notes = []
  for (const { name } of contenders(alg, { only })) {
    const worker = startChild('bearer/in-process-worker.js', { execArgv })
    const { problem, shares } = await worker.call('prepare', { name, trust })
    worker.stop()
    if (problem === undefined) admitted.push({ name })
    else notes.push(`- not measured: ${name} ${problem}`)
    if (shares) notes.push(`- what one caller changes in the claims, the next one gets: ${name}`)
  }
  return { admitted, notes }
}
