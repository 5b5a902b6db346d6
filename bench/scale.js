import { load, machine } from './harness/machine.js'
import { startRedis } from './harness/redis-server.js'
import { number, progress, reportTargets, section, table, target } from './harness/table.js'
import { startIssuer } from './issuer/server.js'
import { logOut } from './scale/logout.js'
import { readSessions } from './scale/requests.js'
import { storm } from './scale/storm.js'
import { visitTenants } from './scale/tenants.js'
import { watchRedis } from './scale/redis.js'

const plans = {
  quick: {
    ...{ processes: [1, 2], sessions: [10_000, 100_000], requests: 400, repeats: 3 },
    ...{ refreshes: [50, 200], logins: [10, 100], tenants: [500, 3000] },
  },
  full: {
    ...{ processes: [1, 2, 4], sessions: [10_000, 100_000, 1_000_000], requests: 1500, repeats: 7 },
    ...{ refreshes: [100, 1000], logins: [10, 100, 1000], tenants: [1000, 10_000, 100_000] },
  },
}
// Counts are exact; CPU scatters.
const slack = { counted: 1.1, timed: 1.3 }

/** Measures each cost at several sizes of one thing while all others stay the same, and how it grows. */
export async function run(command) {
  console.log(`# scale\n\n${machine()}; ${load()}`)
  const redis = await startRedis()
  if (redis === undefined) {
    progress('scale needs redis-server on the PATH: install Redis or Valkey, such as by "apt-get install redis-server"')
    return reportTargets([target('everything: there is no redis-server on the PATH')])
  }
  const issuer = await startIssuer()
  const bench = {
    issuer,
    redisUrl: redis.url,
    redis: await watchRedis(redis.url),
    plan: plans[command.quick ? 'quick' : 'full'],
  }
  try {
    const targets = []
    for (const part of command.parts ?? Object.keys(parts)) {
      const grown = await parts[part](bench)
      await bench.redis.clear()
      report(grown)
      targets.push(judged(grown))
    }
    return reportTargets(targets)
  } finally {
    await bench.redis.close()
    await redis.stop()
    issuer.stop()
  }
}

const parts = { sessions: bySessions, processes: byProcesses, storm: byRefreshes, logout: byLogins, tenants: byTenants }

async function bySessions(bench) {
  const [processes] = bench.plan.processes
  const sizes = bench.plan.sessions
  return measured('A request, by sessions in Redis', sizes, (sessions) => readSessions(bench, { processes, sessions }))
}

async function byProcesses(bench) {
  const [sessions] = bench.plan.sessions
  const sizes = bench.plan.processes
  return measured('A request, by processes', sizes, (processes) => readSessions(bench, { processes, sessions }))
}

async function byRefreshes(bench) {
  const title =
    'A refresh when all tokens have expired, by sessions; each is asked for by two requests in each of two processes'
  return measured(title, bench.plan.refreshes, (sessions) => storm(bench, sessions))
}

async function byLogins(bench) {
  return measured(
    'A back-channel logout of one person, and one more login, by sessions of that person',
    bench.plan.logins,
    (sessions) => logOut(bench, sessions),
  )
}

async function byTenants({ plan }) {
  return measured('A first login at a tenant, by tenants visited; 500 are kept', plan.tenants, visitTenants())
}

async function measured(title, sizes, at) {
  const costs = []
  for (const size of sizes) {
    progress(`${title}: ${size}`)
    costs.push(await at(size))
  }
  return { title, sizes, costs }
}

// A cost is `{ value, isTimed }` by its name; the slope is the exponent of a power of the size: 0 is flat, 1 is linear.
function report({ title, sizes, costs }) {
  const names = Object.keys(costs[0])
  const rows = names.map((name) => {
    const values = costs.map((cost) => cost[name].value)
    return [name, ...values.map(number), slope(sizes, values).toFixed(2)]
  })
  section(title, table(['', ...sizes.map((size) => size.toLocaleString('en')), 'slope'], rows))
}

function slope(sizes, values) {
  const [first, last] = [values[0], values.at(-1)]
  return first <= 0 || last <= 0 ? 0 : Math.log(last / first) / Math.log(sizes.at(-1) / sizes[0])
}

/** Flat or logarithmic: a cost may grow as the logarithm of the size does. Of each table the cost that grows most is judged. */
function judged({ title, sizes, costs }) {
  const logarithm = Math.log(sizes.at(-1) + 1) / Math.log(sizes[0] + 1)
  const growths = Object.keys(costs[0])
    .filter((name) => costs[0][name].isJudged !== false)
    .map((name) => {
      const [first, last] = [costs[0][name], costs.at(-1)[name]]
      const most = logarithm * slack[first.isTimed ? 'timed' : 'counted']
      return { name, most, growth: last.value / Math.max(first.value, 0.01) }
    })
  const worst = growths.reduce((a, b) => (b.growth / b.most > a.growth / a.most ? b : a))
  return target(`${title}: growth of ${worst.name}`, worst.growth, Number(worst.most.toFixed(2)), true)
}
