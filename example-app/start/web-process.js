/** One of several processes of the web application; `web-processes.js` starts it and sends it its settings. */
import { createServer } from 'node:http'
import { redisStore } from 'express-oidc/redis'
import { listen } from '../provider/provider.js'
import { redisBoard, redisSteps } from '../devices/redis-board.js'
import { connectRedis } from './redis-client.js'
import { createApp } from '../web/server.js'

/** @type {readonly number[]} */
let running = []
const processes = {
  running: () => running,
  stop: (/** @type {number} */ pid) => void process.send?.({ stop: pid }),
}

/** @param {{ app: import('../web/server.js').AppOptions, redisUrl: string }} settings */
async function serve({ app: options, redisUrl }) {
  // A command that cannot be sent fails at once instead of waiting for Redis.
  const client = await connectRedis(redisUrl, { disableOfflineQueue: true })
  const subscriber = await connectRedis(redisUrl)
  // The demo itself was killed: nothing of it shall stay behind.
  process.once('disconnect', () => client.sendCommand(['SHUTDOWN', 'NOSAVE']).finally(() => process.exit()))
  const board = await redisBoard(client, subscriber)
  const shared = { sharedStore: redisStore(client), board, steps: redisSteps(client), processes }
  const { app, ready } = createApp(options, shared)
  await ready()
  process.send?.({ port: await listen(createServer(app), 0) })
}

process.on('message', (/** @type {any} */ message) => {
  if (message.running !== undefined) running = message.running
  else serve(message).catch((error) => process.send?.({ failed: describe(error) }))
})
// Ctrl+C in a terminal reaches every process; the demo ends this one in its own time.
process.on('SIGINT', () => {})

/** @param {unknown} error */
function describe(error) {
  const { message = 'it failed', status, code } = Object(error)
  return { message: String(message), status, code }
}
