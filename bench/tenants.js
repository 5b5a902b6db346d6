import { startChild } from './harness/child.js'
import { load, machine } from './harness/machine.js'
import { interleaved, median, middleHalf } from './harness/rounds.js'
import { number, progress, range, reportTargets, section, table, target } from './harness/table.js'
import { startProviders } from './tenants/providers.js'
import { measureSessionRead } from './tenants/session-read.js'

const plans = {
  quick: { tenants: 2000, rounds: 5, requests: 1500 },
  full: { tenants: 10_000, rounds: 15, requests: 4000 },
}
// What a collector may leave lying around, and what the process needs until its code is compiled: it stays the same after some
// thousand tenants. One name kept for each of them would be more.
const slackMegabytes = 2
const megabyte = 1024 ** 2
const knocks = 20

/** Begins a login at each of many tenants, each with a provider of its own. */
export async function run(command) {
  console.log(`# tenants\n\n${machine()}; ${load()}`)
  const plan = plans[command.quick ? 'quick' : 'full']
  const targets = [...(await measureMemory(plan)), ...(await measureOutage(plan)), ...(await measureSessionRead(plan))]
  console.log(`\nAt the end: ${load()}.`)
  return reportTargets(targets)
}

async function measureMemory({ tenants }) {
  const few = tenants / 10
  const all = await grow({ maxEntries: tenants, few, tenants })
  const bounded = await grow({ maxEntries: few, few, tenants })
  const rows = [
    ['all are kept', tenants, ...all.row],
    ['a tenth is kept', few, ...bounded.row],
  ]
  const columns = ['', 'maxEntries', `MB after ${few}`, `MB after ${tenants}`, 'growth MB', 'timers more']
  section('Tenants that are known and idle', table(columns, rows))
  const kilobytes = (all.growth / (tenants - few)) * 1024
  console.log(`\nA tenant that is known and idle takes ${number(kilobytes)} KB.`)
  return [
    target('KB of a tenant that is known and idle', kilobytes, 32, true),
    target(
      `MB that ${tenants} tenants take more than ${few}, of which ${few} are kept`,
      bounded.growth,
      slackMegabytes,
      true,
    ),
    target(`timers that ${tenants} idle tenants have set more than ${few}`, all.timers, 0, true),
  ]
}

async function grow({ maxEntries, few, tenants }) {
  progress(`memory, maxEntries ${maxEntries}`)
  return withWorker(maxEntries, async (worker, providers) => {
    const at = async (from, to) => {
      await worker.call('visit', { from, to })
      providers.closeIdle()
      return worker.call('retained')
    }
    // Every tenant beyond those that are kept replaces one: the cache and the compiled code are at their size by then.
    const before = await at(0, few)
    const after = await at(few, tenants)
    const growth = (after.bytes - before.bytes) / megabyte
    const timers = after.timers - before.timers
    const row = [number(before.bytes / megabyte), number(after.bytes / megabyte), number(Math.max(0, growth)), timers]
    return { growth, timers, row }
  })
}

/** Tenants are visited anew, in turns without and with requests at the one whose provider does not answer. */
async function measureOutage({ rounds }) {
  progress('outage of one tenant')
  const each = 300
  return withWorker(100_000, async (worker, providers) => {
    let next = 0
    const visit = async () => {
      const latencies = await worker.call('visit', { from: next, to: (next += each) })
      return { latency: median(latencies) }
    }
    await visit()
    const cases = [
      { name: 'all providers answer' },
      { name: `${knocks} requests wait for one that does not`, isDown: true },
    ]
    const turns = await interleaved(cases, rounds, async ({ isDown }) => {
      const name = `down-${next}`
      if (isDown) {
        const hasArrived = providers.takeDown(name)
        await worker.call('knock', { name, count: knocks })
        await hasArrived
      }
      const seen = await visit()
      if (isDown && providers.recover() === 0) throw new Error('nobody waited for the provider that is down')
      return seen
    })
    const [calm, troubled] = cases.map((one) => turns.get(one).map(({ latency }) => latency))
    const times = troubled.map((latency, round) => latency / calm[round])
    const rows = [
      [cases[0].name, number(median(calm)), '-', '-'],
      [cases[1].name, number(median(troubled)), number(median(times)), range(middleHalf(times))],
    ]
    section('A first login at other tenants', table(['', 'median ms', 'x', 'middle half'], rows))
    return [target('a first login at other tenants during an outage: times without', median(times), 1.1, true)]
  })
}

async function withWorker(maxEntries, use) {
  const providers = await startProviders()
  const worker = startChild('tenants/worker.js', { execArgv: ['--expose-gc'] })
  try {
    await worker.call('start', { providers: providers.origin, maxEntries })
    return await use(worker, providers)
  } finally {
    worker.stop()
    providers.stop()
  }
}
