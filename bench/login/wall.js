/*
 * What a login costs from the first of a process on: `node login/wall.js`, in bench/. Node compiles functions when they have run often
 * enough, so a login is at its price only after some 4000.
 */
import { keepToCore, startChild } from '../harness/child.js'
import { load, machine } from '../harness/machine.js'
import { section, table } from '../harness/table.js'
import { startIssuer } from '../issuer/server.js'
import { logIn } from './logins.js'

const [count, turns, width] = [500, 10, 8]

keepToCore()
console.log(`# The first ${count * turns} logins\n\n${machine()}; ${load()}`)
const issuer = await startIssuer()
const columns = []
for (const name of ['express-oidc', 'express-openid-connect']) columns.push([name, await costs(name)])
issuer.stop()

const [[, own], [, peer]] = columns
const rows = own.map((cost, i) => [
  `${(i + 1) * count}`,
  Math.round(cost),
  Math.round(peer[i]),
  (peer[i] / cost).toFixed(2),
])
section(
  `CPU us of a login, ${width} at a time`,
  table(['up to login', ...columns.map(([name]) => name), 'times'], rows),
)

async function costs(name) {
  const child = startChild('session/server.js', { cpu: 0 })
  const port = await child.call('start', { name, context: { issuer: issuer.trust('RS256').issuer } })
  const seen = []
  for (let turn = 0; turn < turns; turn++) {
    const before = await child.call('cpu')
    await logIn(port, issuer, { count, width })
    seen.push(((await child.call('cpu')) - before) / count)
  }
  child.stop()
  return seen
}
