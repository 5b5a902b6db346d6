import { canPin } from './harness/child.js'
import { load, machine } from './harness/machine.js'
import { reportTargets } from './harness/table.js'
import { startIssuer } from './issuer/server.js'
import { http } from './bearer/http.js'
import { inProcess } from './bearer/in-process.js'

/** Runs what was asked for: over HTTP, where ratios are judged, or in process. */
export async function run(command) {
  const pinned = canPin ? 'server and load generator on a core each' : 'processes wherever the system puts them'
  console.log(`# bearer\n\n${machine()}; ${load()}; ${pinned}`)
  const issuer = await startIssuer()
  try {
    if (command['in-process']) await inProcess(command, issuer)
    const targets = command['in-process'] ? [] : await http(command, issuer)
    return targets.length === 0 ? [] : reportTargets(targets)
  } finally {
    issuer.stop()
  }
}
