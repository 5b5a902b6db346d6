import { canPin, startChild } from './harness/child.js'
import { load, machine } from './harness/machine.js'
import { interleaved, median, medians, middleHalf, ratio, ratios } from './harness/rounds.js'
import { number, progress, range, reportTargets, section, table, target } from './harness/table.js'
import { startIssuer } from './issuer/server.js'
import { contenders } from './proxy/contenders.js'
import { enter } from './proxy/gate.js'

const plans = {
  quick: { rounds: 7, requests: 1000, warmUp: 1500 },
  full: { rounds: 21, requests: 4000, warmUp: 6000 },
}

/** Signs in where there are sessions, sees that requests arrive as they should, and then sends them on over and over. */
export async function run(command) {
  const pinned = canPin
    ? 'proxy on one core, API and load generator on another'
    : 'processes wherever the system puts them'
  console.log(`# proxy\n\n${machine()}; ${load()}; ${pinned}`)
  const issuer = await startIssuer()
  const loader = startChild('proxy/load.js', { cpu: 1 })
  const api = await loader.call('api')
  const { proxies, notes } = await startProxies({ issuer: issuer.trust('RS256').issuer, api })
  try {
    const results = await measure(proxies, loader, plans[command.quick ? 'quick' : 'full'])
    report(results, notes)
    return reportTargets(targets(results))
  } finally {
    for (const { child } of proxies) child.stop()
    loader.stop()
    issuer.stop()
  }
}

async function startProxies(context) {
  const proxies = []
  const notes = []
  for (const contender of contenders) {
    const child = startChild('proxy/server.js', { cpu: 0 })
    const port = await child.call('start', { name: contender.name, context })
    const entered = await enter(contender, port)
    if (entered.problem === undefined) proxies.push({ ...contender, mount: undefined, child, port, ...entered })
    else {
      notes.push(`- not measured: ${contender.name} ${entered.problem}`)
      child.stop()
    }
  }
  // All get a cookie of the same size: reading headers is part of the work of each.
  const cookie = proxies.find(({ kind }) => kind === 'ours')?.cookie ?? 'none=1'
  for (const proxy of proxies) proxy.cookie ??= cookie
  return { proxies, notes }
}

async function measure(proxies, loader, { rounds, requests, warmUp }) {
  progress('warm up')
  for (const { port, cookie } of proxies) await loader.call('send', { port, cookie, count: warmUp })
  progress('measure')
  const turns = await interleaved(proxies, rounds, async ({ name, child, port, cookie }) => {
    const before = await child.call('cpu')
    const seen = await loader.call('send', { port, cookie, count: requests })
    const cpu = ((await child.call('cpu')) - before) / requests
    if (seen.non2xx > 0) throw new Error(`${name} refused ${seen.non2xx} good requests`)
    return { ...seen, cpu }
  })
  return [...turns].map(([proxy, list]) => ({ ...proxy, turns: list }))
}

function report(results, notes) {
  const limit = results.find(({ kind }) => kind === 'limit')
  const rows = [...results]
    .sort((a, b) => medians(a.turns).cpu - medians(b.turns).cpu)
    .map(({ name, turns }) => {
      const { cpu, rate, p99 } = medians(turns)
      const times = ratios(turns, limit.turns, 'cpu')
      return [name, number(cpu), number(median(times)), range(middleHalf(times)), number(rate), number(p99)]
    })
  const columns = ['', 'CPU us', 'x bare undici', 'middle half', 'requests/s', 'p99 ms']
  section('A GET of 1 KB, over HTTP/1.1', table(columns, rows), notes.join('\n'))
}

function targets(results) {
  const find = (test) => results.find(test)
  const own = find(({ kind }) => kind === 'ours')
  if (own === undefined) return [target('apiProxy()', undefined, 'measured', true)]
  const times = (name) => {
    const other = find((result) => result.name.includes(name))
    return other && ratio(own.turns, other.turns, 'cpu')
  }
  return [
    target('CPU of a request, times that of the bare proxy on undici', times('undici'), 1.6, true),
    target('CPU of a request, times that of req.oidc.fetch()', times('fetch()'), 0.8, true),
  ]
}
