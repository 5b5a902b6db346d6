import { EventEmitter } from 'node:events'
import { LRUCache } from 'lru-cache'

/**
 * A browser that a person is signed in with.
 *
 * @typedef {object} Device
 * @property {string} sid The session's name at the provider.
 * @property {string} agent What the browser calls itself. Anybody can write anything there.
 * @property {number} since Seconds since the epoch.
 * @property {number} endsAt When it expires if it is not used; seconds since the epoch.
 */

/**
 * Something has changed for a person.
 *
 * @typedef {object} News
 * @property {string} subject
 * @property {{ sid: string, at: number }} [ended] A logout, and when the application heard of it (milliseconds).
 */

/**
 * Who is signed in with what: shared by all processes of the application.
 *
 * @typedef {object} Board
 * @property {(subject: string, device: Device) => Promise<boolean>} put Resolves to whether it is new.
 * @property {(subject: string, sid: string) => Promise<void>} drop
 * @property {(subject: string) => Promise<Device[]>} list
 * @property {(news: News) => Promise<void>} tell Reaches the listeners of all processes.
 * @property {(listener: (news: News) => void) => () => void} listen Returns what ends that.
 */

/**
 * A board in the memory of one process.
 *
 * @param {number} absoluteSeconds How long a session lives at most.
 * @returns {Board}
 */
export function memoryBoard(absoluteSeconds) {
  /** @type {LRUCache<string, Map<string, Device>>} */
  const people = new LRUCache({ max: 500, ttl: absoluteSeconds * 1000 })
  const news = newsroom()
  return {
    async put(subject, device) {
      const devices = people.get(subject) ?? new Map()
      const isNew = !devices.has(device.sid)
      people.set(subject, devices.set(device.sid, device))
      return isNew
    },
    drop: async (subject, sid) => void people.get(subject)?.delete(sid),
    list: async (subject) => [...(people.get(subject)?.values() ?? [])],
    tell: async (item) => news.tell(item),
    listen: news.listen,
  }
}

/**
 * The listeners of one process.
 *
 * @returns {{ tell: (news: News) => void, listen: Board['listen'] }}
 */
export function newsroom() {
  // Every open page listens.
  const events = new EventEmitter().setMaxListeners(0)
  return {
    tell: (item) => void events.emit('news', item),
    listen(listener) {
      events.on('news', listener)
      return () => void events.off('news', listener)
    },
  }
}
