import { answerCalls } from '../harness/child.js'
import { sendLoad } from '../harness/http-load.js'

answerCalls({
  /** Sends `count` requests with these cookies, and returns how long the responses took. */
  send: ({ port, cookie, count }) =>
    sendLoad({ port, path: '/api/orders', headers: [cookie === undefined ? {} : { cookie }], count }),
})
