import { startChild } from '../harness/child.js'
import { interleaved } from '../harness/rounds.js'
import { progress } from '../harness/table.js'
import { contenders } from './contenders.js'
import { fault } from './gate.js'
import { auth0, bare, httpReport, httpTargets } from './http-report.js'
import { titles } from './reference.js'

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
const chosen = [bare, 'express-oidc', auth0, 'fast-jwt, static key, cache', 'jose, createRemoteJWKSet']

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
      httpReport(alg, scenario, results, refused)
      if (alg === 'RS256') targets.push(...httpTargets(scenario, results))
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
    return { ...seen, cpu, perCpuSecond: 1e6 / cpu }
  })
  return [...turns].map(([{ name }, list]) => ({ name, turns: list }))
}
