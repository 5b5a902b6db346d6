import { createServer } from 'node:http'
import { answerCalls } from '../harness/child.js'
import { sendLoad } from '../harness/http-load.js'

const body = JSON.stringify({
  orders: Array.from({ length: 20 }, (_, id) => ({ id, name: `order ${id}`, open: true })),
})

answerCalls({
  /** Serves the API, in the process of the load: the proxies have a core to themselves. */
  async api() {
    const server = createServer((req, res) => {
      res.setHeader('content-type', 'application/json')
      res.setHeader('x-authorized', req.headers.authorization === undefined ? 'no' : 'yes')
      res.setHeader('content-length', body.length)
      res.end(body)
    })
    server.keepAliveTimeout = 60_000
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${server.address().port}`
  },
  /** Sends `count` requests with these cookies, and returns how long the responses took. */
  send: ({ port, cookie, count }) =>
    sendLoad({ port, path: '/api/orders', headers: [{ cookie, 'x-csrf': '1', accept: 'application/json' }], count }),
})
