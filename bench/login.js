import { startChild } from './harness/child.js'
import { compare, reportComparison, setsOf } from './harness/comparison.js'
import { load, machine } from './harness/machine.js'
import { reportProfile } from './harness/profile.js'
import { number, reportTargets, section } from './harness/table.js'
import { startIssuer } from './issuer/server.js'
import { acceptedFlaws, logIn } from './login/logins.js'
import { judge, questions } from './targets.js'

const [own, peer] = ['express-oidc', 'express-openid-connect']
const warmUp = { count: 250, width: 8 }
// Before some 4000 logins, what is measured is how Node compiles them: see login/wall.js.
const plans = {
  quick: { rounds: 10, burstRounds: 3, logins: 40, warmUps: 4 },
  full: { rounds: 25, burstRounds: 5, logins: 40, warmUps: 20 },
}
const widths = [1, 8, 200]
const crowd = 200
// A provider that answers at once hides how many connections are opened to it.
const providerMilliseconds = 50

/** Logs in to each over and over: the login route, and the callback with its token request. The issuer is another process. */
export async function run(command) {
  console.log(`# login\n\n${machine()}; ${load()}`)
  const issuer = await startIssuer()
  const wanted = widths.filter((width) => command.parts?.includes(String(width)) ?? true)
  const bench = { issuer, plan: { ...plans[command.quick ? 'quick' : 'full'], sets: setsOf(command) }, widths: wanted }
  try {
    return command.profile ? await profile(bench) : await measure(bench)
  } finally {
    issuer.stop()
  }
}

async function measure(bench) {
  const notes = []
  for (const name of [own, peer]) notes.push(await admit(bench, name))
  const targets = []
  for (const width of bench.widths) targets.push(...(await compareAt(bench, width)))
  section('Another state, another nonce, a bad signature of the ID Token', notes.join('\n'))
  return reportTargets(targets)
}

async function compareAt(bench, width) {
  const isBurst = width === crowd
  const { issuer, plan } = bench
  const open = async ({ name, isNull }) => {
    const { child, port } = await openServer(bench, isNull ? own : name)
    const load = { width, count: isBurst ? crowd : plan.logins, wait: isBurst ? providerMilliseconds : 0 }
    const measure = () => turn({ issuer, child, port, ...load })
    return { warmUp: () => logIn(port, issuer, warmUp), measure, close: () => child.stop() }
  }
  const key = `login ${width}`
  const burst = { unit: 'p99', plan: { ...plan, rounds: plan.burstRounds, allowed: 0.1 } }
  const contenders = [{ name: own }, { name: peer }]
  const comparison = await compare({
    title: questions[key].question,
    contenders,
    plan,
    open,
    ...(isBurst ? burst : {}),
  })
  reportComparison(comparison, columns, ...(isBurst ? [`The provider takes ${providerMilliseconds} ms.`] : []))
  return judge(key, comparison)
}

const columns = [
  ['logins/s', ({ rate }) => number(rate)],
  ['CPU us', ({ cpu }) => number(cpu)],
  ['p50 / p99 ms', ({ p50, p99 }) => `${number(p50)} / ${number(p99)}`],
  ['connections to the provider', ({ connections }) => Math.round(connections)],
]

async function turn({ issuer, child, port, width, count, wait }) {
  issuer.slowDown(wait)
  issuer.usedConnections()
  const before = await child.call('cpu')
  const seen = await logIn(port, issuer, { count, width })
  const cpu = ((await child.call('cpu')) - before) / count
  issuer.slowDown(0)
  return { ...seen, cpu, connections: issuer.usedConnections() }
}

async function openServer({ issuer }, name) {
  const { sub } = JSON.parse(Buffer.from(issuer.grants.tokens().id_token.split('.')[1], 'base64url'))
  const context = { issuer: issuer.trust('RS256').issuer, session: { user: { sub } } }
  const child = startChild('session/server.js', { cpu: 0 })
  const port = await child.call('start', { name, context })
  return { child, port }
}

async function admit(bench, name) {
  const { child, port } = await openServer(bench, name)
  const flaws = await acceptedFlaws(port, bench.issuer)
  child.stop()
  if (name === own && flaws.length > 0) throw new Error(`${name} takes ${flaws.join(' and ')}`)
  return `- ${name} ${flaws.length === 0 ? 'refuses each of them' : `takes ${flaws.join(' and ')}`}`
}

async function profile(bench) {
  const { child, port } = await openServer(bench, own)
  for (let i = 0; i < bench.plan.warmUps; i++) await logIn(port, bench.issuer, warmUp)
  const count = 1000
  await reportProfile(`${own}, a login`, child, async () => {
    await logIn(port, bench.issuer, { count, width: 8 })
    return count
  })
  child.stop()
  return []
}
