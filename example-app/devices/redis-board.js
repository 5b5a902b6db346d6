import { newsroom } from './board.js'
import { maxSteps } from '../timeline/timeline.js'

const channel = 'demo:news'
const stepSeconds = 3600

/** @typedef {Awaited<ReturnType<typeof import('../start/redis-client.js').connectRedis>>} Client */

/**
 * A board that Redis publishes to all processes at once.
 *
 * @param {Client} client
 * @param {Client} subscriber A separate connection: while it listens, it cannot run other commands.
 * @returns {Promise<import('./board.js').Board>}
 */
export async function redisBoard(client, subscriber) {
  const news = newsroom()
  await subscriber.subscribe(channel, (text) => news.tell(JSON.parse(text)))
  return {
    tell: async (item) => void (await client.publish(channel, JSON.stringify(item))),
    listen: news.listen,
  }
}

/**
 * The timeline's steps in Redis: one flow may be served by several processes.
 *
 * @param {Client} client
 * @returns {import('../timeline/timeline.js').StepStore}
 */
export function redisSteps(client) {
  const keyOf = (/** @type {string} */ id) => `demo:steps:${id}`
  return {
    push(id, step) {
      const key = keyOf(id)
      const writes = [client.rPush(key, JSON.stringify(step)), client.lTrim(key, -maxSteps, -1)]
      // Without Redis the page has no timeline, but it still works.
      Promise.all([...writes, client.expire(key, stepSeconds)]).catch(() => {})
    },
    read: (id) =>
      client.lRange(keyOf(id), 0, -1).then(
        (texts) => texts.map((text) => JSON.parse(text)),
        () => [],
      ),
  }
}
