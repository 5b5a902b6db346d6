import { startChild } from './harness/child.js'
import { load, machine } from './harness/machine.js'
import { interleaved, median, medians, middleHalf, ratio, ratios } from './harness/rounds.js'
import { number, progress, range, reportTargets, section, table, target } from './harness/table.js'
import { startIssuer } from './issuer/server.js'
import { acceptedFlaws, logIn } from './login/logins.js'

export const summary = 'one whole login: CPU of the process that people log in to'

const [own, peer] = ['express-oidc', 'express-openid-connect']
const plans = { quick: { rounds: 7, logins: 150, warmUp: 300 }, full: { rounds: 21, logins: 500, warmUp: 1500 } }
const widths = { 1: 'one after the other', 8: '8 at a time' }

/** Logs in to each over and over: the login route, and the callback with its token request. The issuer is another process. */
export async function run(command) {
  console.log(`# login\n\n${machine()}; ${load()}`)
  const { rounds, logins, warmUp } = plans[command.quick ? 'quick' : 'full']
  const issuer = await startIssuer()
  const { servers, notes } = await startServers(issuer)
  const targets = []
  for (const server of servers) await logIn(server.port, issuer, { count: warmUp, width: 8 })
  for (const [width, title] of Object.entries(widths)) {
    progress(`login, ${title}`)
    const turns = await interleaved(servers, rounds, async ({ child, port }) => {
      const before = await child.call('cpu')
      const seconds = await logIn(port, issuer, { count: logins, width: Number(width) })
      return { cpu: ((await child.call('cpu')) - before) / logins, rate: logins / seconds }
    })
    targets.push(
      ...report(
        title,
        [...turns].map(([{ name }, list]) => ({ name, turns: list })),
      ),
    )
  }
  section('What logins are refused for', notes.join('\n'))
  for (const { child } of servers) child.stop()
  issuer.stop()
  return reportTargets(targets)
}

async function startServers(issuer) {
  const servers = []
  const notes = []
  const { sub } = JSON.parse(Buffer.from(issuer.grants.tokens().id_token.split('.')[1], 'base64url'))
  const context = { issuer: issuer.trust('RS256').issuer, session: { user: { sub } } }
  for (const name of [own, peer]) {
    const child = startChild('session/server.js', { cpu: 0 })
    const port = await child.call('start', { name, context })
    const flaws = await acceptedFlaws(port, issuer)
    notes.push(`- ${name} ${flaws.length === 0 ? 'refuses each of them' : `takes ${flaws.join(' and ')}`}`)
    if (name === own && flaws.length > 0) throw new Error(`${name} takes ${flaws.join(' and ')}`)
    servers.push({ name, child, port })
  }
  return { servers, notes: ['Another state, another nonce, a bad signature of the ID Token:', '', ...notes] }
}

function report(title, results) {
  const turnsOf = (name) => results.find((result) => result.name === name).turns
  const rows = results.map(({ name, turns }) => {
    const { cpu, rate } = medians(turns)
    const times = ratios(turns, turnsOf(peer), 'cpu')
    const spread = range(middleHalf(turns.map((turn) => turn.cpu)))
    return [name, number(cpu), spread, number(median(times)), range(middleHalf(times)), number(rate)]
  })
  const columns = ['', 'CPU us', 'middle half', `x ${peer}`, 'middle half', 'logins/s']
  section(`One login, ${title}`, table(columns, rows))
  return [target(`${title}: times ${peer} is of ours`, ratio(turnsOf(peer), turnsOf(own), 'cpu'), 1.6, false)]
}
