import { canPin } from './harness/child.js'
import { load, machine } from './harness/machine.js'
import { reportTargets } from './harness/table.js'
import { startIssuer } from './issuer/server.js'
import { http } from './bearer/http.js'
import { inProcess } from './bearer/in-process.js'

export const summary = 'access tokens: validated in process and over HTTP'

/** Runs both halves, or the one that was asked for. */
export async function run(command) {
  const pinned = canPin ? 'server and load generator on a core each' : 'processes wherever the system puts them'
  console.log(`# bearer\n\n${machine()}; ${load()}; ${pinned}`)
  const isBoth = command.http === command['in-process']
  const issuer = await startIssuer()
  const targets = []
  if (isBoth || command['in-process']) targets.push(...(await inProcess(command, issuer)))
  if (isBoth || command.http) targets.push(...(await http(command, issuer)))
  issuer.stop()
  return reportTargets(targets)
}
