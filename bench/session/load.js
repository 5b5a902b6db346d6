import { answerCalls } from '../harness/child.js'
import { openLoad } from '../harness/http-load.js'

const state = {}

answerCalls({
  /** Opens the connections of one turn, for requests with this Cookie header. */
  async open({ port, cookie }) {
    state.headers = [cookie === undefined ? {} : { cookie }]
    state.load = await openLoad({ port, path: '/api/orders', headers: state.headers })
  },
  /** Sends `count` requests, and returns how long the answers took. */
  send: ({ count }) => state.load.send({ headers: state.headers, count }),
  close: () => state.load.close(),
})
