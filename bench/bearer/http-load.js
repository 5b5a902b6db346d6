import { answerCalls } from '../harness/child.js'
import { sendLoad } from '../harness/http-load.js'
import { createMint } from '../issuer/tokens.js'

const pools = {}

answerCalls({
  /** Makes the tokens that every contender gets: those to warm up with, and those that are measured. */
  mint({ trust, scenario, count, warmUp }) {
    const mint = createMint(trust)
    const headers = (n) => Array.from({ length: n }, () => ({ authorization: `Bearer ${mint()}` }))
    pools.measured = headers({ unseen: count, thousand: 1000, single: 1 }[scenario])
    pools.warmUp = scenario === 'unseen' ? headers(warmUp) : pools.measured
  },
  /** Sends `count` requests, and returns how long the responses took. */
  send: ({ port, pool, count }) => sendLoad({ port, path: '/api/orders', headers: pools[pool], count }),
})
