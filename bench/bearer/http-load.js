import autocannon from 'autocannon'
import { answerCalls } from '../harness/child.js'
import { createMint } from '../issuer/tokens.js'

const connections = 50
const pools = {}

answerCalls({
  /** Makes the tokens that every contender gets: those to warm up with, and those that are measured. */
  mint({ trust, scenario, count, warmUp }) {
    const mint = createMint(trust)
    const tokens = (n) => Array.from({ length: n }, () => mint())
    pools.measured = tokens({ unseen: count, thousand: 1000, single: 1 }[scenario])
    pools.warmUp = scenario === 'unseen' ? tokens(warmUp) : pools.measured
  },
  /** Sends `count` requests over 50 connections, and tells how long the answers took. */
  send: ({ port, pool, count }) => send(port, pools[pool], count),
})

async function send(port, tokens, count) {
  // Each connection has tokens of its own; with fewer tokens than connections they share.
  const share = (i) => tokens.filter((_, n) => n % connections === i % Math.min(connections, tokens.length))
  let connection = 0
  let answers = 0
  let end
  const begin = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/api/orders`,
    connections,
    amount: count,
    sampleInt: 50,
    setupClient(client) {
      client.setRequests(share(connection++).map((token) => ({ headers: { authorization: `Bearer ${token}` } })))
      client.on('response', () => {
        if (++answers === count) end = process.hrtime.bigint()
      })
    },
  })
  if (end === undefined || result.errors > 0)
    throw new Error(`${answers} answers to ${count} requests, ${result.errors} errors`)
  const seconds = Number(end - begin) / 1e9
  const own = process.cpuUsage(cpu)
  return {
    rate: count / seconds,
    p50: result.latency.p50,
    p99: result.latency.p99,
    non2xx: result.non2xx,
    busy: (own.user + own.system) / 1e6 / seconds,
  }
}
