import { newsroom } from './board.js'
import { maxSteps } from './timeline.js'

const channel = 'demo:news'
const stepSeconds = 3600

/** @typedef {Awaited<ReturnType<typeof import('./redis-client.js').connectRedis>>} Client */

/**
 * A board in Redis. Changes are published to all processes at once.
 *
 * @param {Client} client
 * @param {Client} subscriber A separate connection: while it listens, it cannot run other commands.
 * @param {number} absoluteSeconds How long a session lives at most.
 * @returns {Promise<import('./board.js').Board>}
 */
export async function redisBoard(client, subscriber, absoluteSeconds) {
  const news = newsroom()
  await subscriber.subscribe(channel, (text) => news.tell(JSON.parse(text)))
  const keyOf = (/** @type {string} */ subject) => `demo:devices:${subject}`
  return {
    async put(subject, device) {
      const key = keyOf(subject)
      const [added] = await Promise.all([
        client.hSet(key, device.sid, JSON.stringify(device)),
        client.expire(key, absoluteSeconds),
      ])
      return Number(added) > 0
    },
    drop: async (subject, sid) => void (await client.hDel(keyOf(subject), sid)),
    list: async (subject) => Object.values(await client.hGetAll(keyOf(subject))).map((text) => JSON.parse(text)),
    tell: async (item) => void (await client.publish(channel, JSON.stringify(item))),
    listen: news.listen,
  }
}

/**
 * The timeline's steps in Redis: one flow may be served by several processes.
 *
 * @param {Client} client
 * @returns {import('./timeline.js').StepStore}
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
