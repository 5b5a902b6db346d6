import { setTimeout } from 'node:timers/promises'
import { answerCalls } from '../harness/child.js'
import { openConnection, openLoad, percentiles } from '../harness/http-load.js'
import { createMint } from '../issuer/tokens.js'

const path = '/api/orders'
const pools = {}
let open

answerCalls({
  /** Makes the tokens that every contender gets: those to warm up with, and those that are measured. */
  mint({ trust, scenario, count, warmUp }) {
    const mint = createMint(trust)
    const headers = (n) => Array.from({ length: n }, () => ({ authorization: `Bearer ${mint()}` }))
    pools.measured = headers({ unseen: count, thousand: 1000, single: 1 }[scenario])
    pools.warmUp = scenario === 'unseen' ? headers(warmUp) : pools.measured
  },
  /** Opens the connections of one turn. */
  async open({ port, connections }) {
    open = await openLoad({ port, path, connections, headers: pools.warmUp.slice(0, connections ?? 50) })
  },
  /** Sends `count` requests, from the pool's position `from`, and returns how long the answers took. */
  send: ({ pool, from = 0, count }) => open.send({ headers: part(pool, from, count), count }),
  /** Sends `bursts` of one request over each connection at once, and beside each one request to the route without protection. */
  async burst({ port, from, bursts, width, gap }) {
    const other = await openConnection(port)
    const health = Buffer.from(`GET /health HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)
    const seen = []
    let non2xx = 0
    for (let i = 0; i < bursts; i++) {
      const headers = part('measured', from + i * width, width)
      const { statuses, ...times } = await open.burst({ headers, bystander: () => other.request(health) })
      non2xx += statuses.filter((status) => status !== 200).length
      seen.push(times)
      await setTimeout(gap)
    }
    other.close()
    const p99 = (name) => percentiles(seen.map((one) => one[name])).p99
    return { last: p99('last'), bystander: p99('bystander'), non2xx }
  },
  close: () => open.close(),
})

function part(pool, from, count) {
  const all = pools[pool]
  return Array.from({ length: Math.min(count, all.length) }, (_, i) => all[(from + i) % all.length])
}
