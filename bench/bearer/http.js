import { startChild } from '../harness/child.js'
import { compare, reportComparison, setsOf, typical } from '../harness/comparison.js'
import { reportProfile } from '../harness/profile.js'
import { number, progress } from '../harness/table.js'
import { judge, questions } from '../targets.js'
import { contenders } from './contenders.js'
import { fault } from './gate.js'

const scenarios = { seen: 'thousand', unseen: 'unseen', one: 'single' }
const widths = [8, 64]
const plans = {
  quick: {
    ...{ requests: 300, warmUp: 2000, rounds: 20, bursts: 25, burstRounds: 2 },
    parts: { RS256: ['seen', 'unseen'] },
  },
  full: {
    ...{ requests: 300, warmUp: 3000, rounds: 25, bursts: 40, burstRounds: 3 },
    parts: {
      RS256: ['seen', 'unseen', 'burst'],
      ES256: ['seen', 'unseen', 'burst'],
      EdDSA: ['seen', 'unseen', 'burst'],
    },
  },
}
const profiledRequests = 4000
/** The route without protection. */
const bare = 'unprotected route (limit)'
const [own, byHand, auth0] = ['express-oidc', 'hand-written cache', 'express-oauth2-jwt-bearer']
const fastJwt = 'fast-jwt, static key'
const secondLayer = `${own} + a layer that does nothing (limit)`
const cached = [bare, byHand, own, `${own} + requireAuth(scope())`, secondLayer, `${fastJwt}, cache`, auth0]
// Who is not judged would only make it longer: others take part when `--only` names them.
const usual = { seen: cached, one: cached, unseen: [bare, byHand, own, fastJwt, auth0], burst: [bare, own, auth0] }

/** Measures a protected route over HTTP, each contender in a process of its own, and gives the verdicts. */
export async function http(command, issuer) {
  const plan = { ...plans[command.quick ? 'quick' : 'full'], sets: setsOf(command) }
  const parts =
    command.algorithms?.map((alg) => [alg, plan.parts[alg] ?? ['seen', 'unseen']]) ?? Object.entries(plan.parts)
  const loader = startChild('bearer/http-load.js', { cpu: 1 })
  const targets = []
  try {
    for (const [alg, names] of parts) {
      const bench = { command, plan, alg, loader, trust: issuer.trust(alg) }
      if (command.profile) await profile(bench)
      else for (const name of command.parts ?? names) targets.push(...(await measure(bench, name)))
    }
  } finally {
    loader.stop()
  }
  return targets
}

async function measure(bench, name) {
  const { admitted, refused } = await admit(bench, name)
  if (name === 'burst') {
    const targets = []
    for (const width of widths) targets.push(...(await measureBursts(bench, admitted, width)))
    return targets
  }
  const { alg, plan, loader, trust } = bench
  const key = `${alg} ${name}`
  const count = plan.requests * plan.rounds
  progress(`${key}: tokens`)
  await loader.call('mint', { trust, scenario: scenarios[name], count, warmUp: plan.warmUp })
  const open = (contender) =>
    openServer(bench, contender, (port, child, round) => turn({ ...bench, port, child, round }))
  const title = questions[key]?.question ?? `What does one token cost, over and over (${alg})?`
  const comparison = await compare({ title, contenders: admitted, plan, open })
  reportComparison(comparison, columns, loadNote(comparison), ...refused)
  return judge(key, comparison)
}

async function turn({ plan: { requests }, loader, port, child, round }) {
  await loader.call('open', { port })
  const before = await child.call('cpu')
  const seen = await loader.call('send', { pool: 'measured', from: round * requests, count: requests })
  const cpu = ((await child.call('cpu')) - before) / requests
  await loader.call('close')
  if (seen.non2xx > 0) throw new Error(`${seen.non2xx} good tokens were refused`)
  return { ...seen, cpu }
}

// The tails of some bursts scatter more than the CPU of thousands of requests.
async function measureBursts(bench, admitted, width) {
  const { alg, plan, loader, trust } = bench
  const key = `${alg} burst ${width}`
  const count = plan.bursts * plan.burstRounds * width
  progress(`${key}: tokens`)
  await loader.call('mint', { trust, scenario: 'unseen', count, warmUp: plan.warmUp })
  const open = (contender) =>
    openServer(bench, contender, async (port, child, round) => {
      await loader.call('open', { port, connections: width })
      const { bursts } = plan
      await child.call('watchDelay')
      const seen = await loader.call('burst', { port, from: round * bursts * width, bursts, width, gap: width / 4 + 3 })
      const delay = await child.call('delay')
      await loader.call('close')
      if (seen.non2xx > 0) throw new Error(`${seen.non2xx} good tokens were refused`)
      return { ...seen, delay }
    })
  const comparison = await compare({
    ...{ title: questions[key].question, contenders: admitted, unit: 'delay', open },
    plan: { ...plan, rounds: plan.burstRounds, allowed: 0.1 },
  })
  reportComparison(comparison, burstColumns)
  return judge(key, comparison)
}

async function openServer({ loader, plan, trust }, { name, isNull }, measureTurn) {
  const child = startChild('bearer/http-server.js', { cpu: 0 })
  const port = await child.call('start', { name: isNull ? own : name, trust })
  await loader.call('open', { port })
  await loader.call('send', { pool: 'warmUp', count: plan.warmUp })
  await loader.call('close')
  return { measure: (round) => measureTurn(port, child, round), close: () => child.stop() }
}

/** Lets those in that refuse what they have to. */
async function admit({ command, alg, trust }, part) {
  const chosen = contenders(alg, { only: command.only, http: true }).filter(
    ({ name, kind }) => usual[part].includes(name) || (kind === 'peer' && command.only !== undefined),
  )
  const admitted = []
  const refused = []
  for (const { name, kind } of chosen) {
    const child = startChild('bearer/http-server.js', { cpu: 0 })
    const port = await child.call('start', { name, trust })
    const problem = name === bare ? undefined : await fault(trust, (token) => isAccepted(port, token))
    if (problem === undefined) admitted.push({ name, kind })
    else refused.push(`- not measured: ${name} ${problem}`)
    child.stop()
  }
  return { admitted, refused }
}

async function isAccepted(port, token) {
  const response = await fetch(`http://127.0.0.1:${port}/api/orders`, { headers: { authorization: `Bearer ${token}` } })
  await response.arrayBuffer()
  return response.status === 200
}

const columns = [
  ['requests/s', ({ rate }) => number(rate)],
  ['p50 / p99 ms', ({ p50, p99 }) => `${number(p50)} / ${number(p99)}`],
  ['CPU us', ({ cpu }) => number(cpu)],
]
const burstColumns = [
  ['event-loop delay p99 ms', ({ delay }) => number(delay)],
  ['another request p99 ms', ({ bystander }) => number(bystander)],
  ['last answer p99 ms', ({ last }) => number(last)],
]

function loadNote(comparison) {
  const busy = Math.max(...comparison.names.map((name) => typical(comparison, name).busy))
  return `The load generator used at most ${Math.round(busy * 100)} % of its core.`
}

/** Where the time of one request goes, beside that of the route without protection; a peer's too, if `--only` names it. */
async function profile({ command, plan, alg, loader, trust }) {
  const peers =
    command.only === undefined
      ? []
      : contenders(alg, { only: command.only, http: true }).filter(({ kind }) => kind === 'peer')
  const names = [bare, own, `${own} + requireAuth(scope())`, ...peers.map(({ name }) => name)]
  for (const part of ['seen', 'unseen']) {
    progress(`${alg} ${part}: tokens`)
    await loader.call('mint', { trust, scenario: scenarios[part], count: 3 * profiledRequests, warmUp: plan.warmUp })
    for (const name of part === 'seen' ? names : names.slice(1)) {
      const child = startChild('bearer/http-server.js', { cpu: 0 })
      const port = await child.call('start', { name, trust })
      await loader.call('open', { port })
      await loader.call('send', { pool: 'warmUp', count: plan.warmUp })
      let from = 0
      await reportProfile(`${name}, ${alg}, ${part}`, child, async () => {
        await loader.call('send', { pool: 'measured', from, count: profiledRequests })
        from += profiledRequests
        return profiledRequests
      })
      await loader.call('close')
      child.stop()
    }
  }
}
