import { startChild } from '../harness/child.js'
import { interleaved, medians, ratio } from '../harness/rounds.js'
import { number, progress, section, table, target } from '../harness/table.js'
import { contenders } from './contenders.js'
import { fault } from './gate.js'
import { reference } from './reference.js'

const bare = 'unprotected route (limit)'
const bearerOfAuth0 = 'express-oauth2-jwt-bearer'
const titles = { unseen: 'every token new', thousand: '1000 tokens in turn', single: 'one token' }
// Rounds for each algorithm and scenario, and requests in each.
const plans = {
  quick: { requests: 4000, warmUp: 1500, rounds: { RS256: { unseen: 3, thousand: 3 } } },
  full: {
    requests: 12_000,
    warmUp: 4000,
    rounds: {
      RS256: { unseen: 7, thousand: 7, single: 3 },
      ES256: { unseen: 3, thousand: 3 },
      EdDSA: { unseen: 3, thousand: 3 },
      PS256: { unseen: 3, thousand: 3 },
    },
  },
}
// Those that a quick run, and the other algorithms, are content with.
const chosen = [bare, 'express-oidc', bearerOfAuth0, 'fast-jwt, static key, cache', 'jose, createRemoteJWKSet']

/** Measures a protected route over HTTP, and gives the targets. */
export async function http(command, issuer) {
  const plan = plans[command.quick ? 'quick' : 'full']
  const loader = startChild('bearer/http-load.js', { cpu: 1 })
  const targets = []
  for (const [alg, scenarios] of Object.entries(plan.rounds)) {
    if (command.algorithms !== undefined && !command.algorithms.includes(alg)) continue
    const { servers, refused } = await startServers(command, alg, issuer.trust(alg))
    for (const [scenario, rounds] of Object.entries(scenarios)) {
      progress(`over HTTP, ${alg}, ${titles[scenario]}`)
      const results = await measure({ servers, loader, trust: issuer.trust(alg), scenario, rounds, plan })
      report(alg, scenario, results, refused)
      if (alg === 'RS256') targets.push(...targetsOf(scenario, results))
    }
    for (const { child } of servers) child.stop()
  }
  loader.stop()
  return targets
}

async function startServers(command, alg, trust) {
  const isFew = command.quick || alg !== 'RS256'
  const names = contenders(alg, { only: command.only, http: true }).map(({ name }) => name)
  const servers = []
  const refused = []
  for (const name of names.filter((name) => !isFew || chosen.includes(name))) {
    const child = startChild('bearer/http-server.js', { cpu: 0 })
    const port = await child.call('start', { name, trust })
    const problem = name === bare ? undefined : await fault(trust, (token) => isAccepted(port, token))
    if (problem === undefined) servers.push({ name, child, port })
    else {
      refused.push(`- not measured: ${name} ${problem}`)
      child.stop()
    }
  }
  return { servers, refused }
}

async function isAccepted(port, token) {
  const response = await fetch(`http://127.0.0.1:${port}/api/orders`, { headers: { authorization: `Bearer ${token}` } })
  await response.arrayBuffer()
  return response.status === 200
}

async function measure({ servers, loader, trust, scenario, rounds, plan }) {
  const { requests, warmUp } = plan
  await loader.call('mint', { trust, scenario, count: requests, warmUp })
  const turns = await interleaved(servers, rounds, async ({ name, child, port }) => {
    await child.call('renew', { trust })
    await loader.call('send', { port, pool: 'warmUp', count: warmUp })
    const before = await child.call('cpu')
    const seen = await loader.call('send', { port, pool: 'measured', count: requests })
    const cpu = ((await child.call('cpu')) - before) / requests
    if (seen.non2xx > 0) throw new Error(`${name} refused ${seen.non2xx} good tokens`)
    return { ...seen, cpu }
  })
  return [...turns].map(([{ name }, list]) => ({ name, turns: list }))
}

function report(alg, scenario, results, refused) {
  const { turnsOf, bestPeer } = reference(results)
  const [limit, auth0] = [turnsOf(bare), turnsOf(bearerOfAuth0)]
  const times = (turns, others) => (others === undefined ? '-' : number(ratio(turns, others, 'rate')))
  const rows = results.map(({ name, turns }) => {
    const { rate, p50, p99, cpu } = medians(turns)
    const compared = [times(turns, limit), times(turns, bestPeer?.turns), times(turns, auth0)]
    return [name, number(rate), `${p50} / ${p99}`, number(cpu), ...compared]
  })
  rows.sort((a, b) => b[1] - a[1])
  const columns = ['', 'requests/s', 'p50 / p99 ms', 'CPU us', 'x unprotected', 'x best peer', `x ${bearerOfAuth0}`]
  const busy = Math.max(...results.map(({ turns }) => medians(turns).busy))
  const note = `The load generator used at most ${Math.round(busy * 100)} % of its core.`
  section(`Over HTTP, ${alg}, ${titles[scenario]}`, table(columns, rows), [note, ...refused].join('\n'))
}

function targetsOf(scenario, results) {
  const { turnsOf } = reference(results)
  const own = turnsOf('express-oidc')
  if (own === undefined) return []
  const times = (name) => turnsOf(name) && ratio(own, turnsOf(name), 'rate')
  if (scenario === 'unseen')
    return [target(`over HTTP, never seen: times ${bearerOfAuth0}`, times(bearerOfAuth0), 1.2, false)]
  if (scenario !== 'thousand') return []
  return [
    target('over HTTP, 1000 in turn: times the unprotected route', times(bare), 0.92, false),
    target(`over HTTP, 1000 in turn: times ${bearerOfAuth0}`, times(bearerOfAuth0), 1.8, false),
  ]
}
