import { EventEmitter } from 'node:events'

/**
 * What has happened.
 *
 * @typedef {object} News
 * @property {string} [subject] Whose pages are to look again.
 * @property {{ sid: string, at: number }} [heard] When the application was told of the end of a session (milliseconds). Not checked, so
 *   good for showing how long things take and for nothing else.
 */

/**
 * Tells pages that are looked at what changes: shared by all processes of the application.
 *
 * @typedef {object} Board
 * @property {(news: News) => Promise<void>} tell Reaches the listeners of all processes.
 * @property {(listener: (news: News) => void) => () => void} listen Returns what ends that.
 */

/**
 * A board of one process.
 *
 * @returns {Board}
 */
export function memoryBoard() {
  const { tell, listen } = newsroom()
  return { tell: async (item) => tell(item), listen }
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
