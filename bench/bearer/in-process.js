import { startChild } from '../harness/child.js'
import { medians, ratio } from '../harness/rounds.js'
import { number, progress, section, table, target } from '../harness/table.js'
import { algorithms } from '../issuer/keys.js'
import { reference, titles } from './reference.js'

// Functions that had to wait for their turn keep their compiled code.
const execArgv = ['--expose-gc', '--no-flush-bytecode']
const plans = {
  quick: { unseen: [5, 150], thousand: [5, 8000], single: [3, 8000], batchMs: 10 },
  full: { unseen: [25, 300], thousand: [25, 20_000], single: [15, 20_000], batchMs: 30 },
}

/** Measures validators without any HTTP, one algorithm after the other, and gives the targets. */
export async function inProcess(command, issuer) {
  const targets = []
  for (const alg of command.algorithms ?? algorithms) {
    const worker = startChild('bearer/in-process-worker.js', { execArgv })
    const gate = await worker.call('prepare', { trust: issuer.trust(alg), only: command.only })
    for (const scenario of Object.keys(titles)) {
      progress(`in process, ${alg}, ${titles[scenario]}`)
      const plan = plans[command.quick ? 'quick' : 'full']
      const [rounds, maxBatch] = plan[scenario]
      const results = await worker.call('measure', { scenario, rounds, maxBatch, batchMs: plan.batchMs })
      report(alg, scenario, results, gate)
      targets.push(...targetsOf(alg, scenario, results, gate))
    }
    worker.stop()
  }
  return targets
}

function report(alg, scenario, results, gate) {
  const { turnsOf, bestPeer } = reference(results)
  const limit = turnsOf('raw crypto.verify (limit)')
  const rows = results.map(({ name, turns }) => {
    const { wall, cpu } = medians(turns)
    return [
      name,
      number(wall),
      number(cpu),
      number(1e3 / wall),
      number(ratio(turns, limit, 'cpu')),
      peerRatio(turns, bestPeer),
    ]
  })
  rows.sort((a, b) => a[2] - b[2])
  const columns = ['', 'us', 'CPU us', 'thousand/s', 'x limit', 'x best peer']
  section(`In process, ${alg}, ${titles[scenario]}`, table(columns, rows), ...notes(gate))
}

function notes(gate) {
  const refused = gate.filter(({ problem }) => problem).map(({ name, problem }) => `- not measured: ${name} ${problem}`)
  const sharing = gate.filter(({ shares }) => shares).map(({ name }) => name)
  if (sharing.length > 0)
    refused.push(`- what one caller changes in the claims, the next one gets: ${sharing.join('; ')}`)
  return refused.length === 0 ? [] : [refused.join('\n')]
}

function peerRatio(turns, bestPeer) {
  return bestPeer === undefined ? '-' : number(ratio(turns, bestPeer.turns, 'cpu'))
}

function targetsOf(alg, scenario, results, gate) {
  const { turnsOf } = reference(results)
  const own = turnsOf('express-oidc')
  if (own === undefined) return []
  const against = (name) => turnsOf(name) && ratio(own, turnsOf(name), 'cpu')
  if (scenario === 'unseen' && alg === 'RS256') {
    const times = against('raw crypto.verify (limit)')
    return [target('in process, never seen, RS256: CPU against crypto.verify', times, 1.25, true)]
  }
  if (scenario !== 'thousand') return []
  const times = against('fast-jwt, static key, cache')
  const shares = gate.find(({ name }) => name === 'express-oidc').shares
  return [
    target(`in process, 1000 in turn, ${alg}: times fast-jwt with its cache`, times && 1 / times, 1.3, false),
    {
      what: `in process, ${alg}: claims that callers cannot change`,
      goal: 'private',
      seen: shares ? 'shared' : 'private',
      isReached: !shares,
    },
  ]
}
