import { startChild } from './harness/child.js'
import { load, machine } from './harness/machine.js'
import { medians, middleHalf, ratio } from './harness/rounds.js'
import { number, range, reportTargets, section, table, target } from './harness/table.js'
import { startIssuer } from './issuer/server.js'

const plans = { quick: { rounds: 15, calls: 50_000 }, full: { rounds: 41, calls: 200_000 } }

/** Calls each source over and over in a separate process, taking turns with the others. */
export async function run(command) {
  console.log(`# machine\n\n${machine()}; ${load()}`)
  const issuer = await startIssuer()
  const worker = startChild('machine/worker.js')
  try {
    const faults = await worker.call('prepare', { issuer: issuer.trust('RS256').issuer })
    const asked = issuer.grants.requests()
    const results = await worker.call('measure', plans[command.quick ? 'quick' : 'full'])
    if (issuer.grants.requests() !== asked) faults.push('- a warm token was fetched again')
    report(results, faults)
    const own = results.find(({ name }) => name === 'express-oidc')
    const byHand = results.find(({ name }) => name.includes('by hand'))
    const times = own && byHand && ratio(own.turns, byHand.turns, 'cpu')
    return reportTargets([target('getToken(), warm: CPU times that by hand', times, 1.5, true)])
  } finally {
    worker.stop()
    issuer.stop()
  }
}

function report(results, faults) {
  const rows = results.map(({ name, turns }) => {
    const { wall, cpu } = medians(turns)
    return [name, number(wall), number(cpu), range(middleHalf(turns.map((turn) => turn.cpu)))]
  })
  const columns = ['', 'ns', 'CPU ns', 'middle half']
  section('A token that is at hand, per awaited call', table(columns, rows), ...faults)
}
