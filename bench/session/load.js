import { answerCalls } from '../harness/child.js'
import { openLoad } from '../harness/http-load.js'

const connections = 50
const state = {}

answerCalls({
  /** Opens the connections of one turn. Each sends one request with one of the cookies, or without if there are none. */
  async open({ port, cookies }) {
    state.load = await openLoad({ port, path: '/api/orders', connections, headers: headersOf(cookies) })
  },
  /** Sends `count` requests with these cookies in turn, and returns how long the answers took. */
  send: ({ count, cookies }) => state.load.send({ headers: headersOf(cookies), count }),
  close: () => state.load.close(),
})

function headersOf(cookies) {
  return cookies.length === 0 ? [{}] : cookies.map((cookie) => ({ cookie }))
}
