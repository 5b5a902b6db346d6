import { LRUCache } from 'lru-cache'

/**
 * A shared store for an application of one process: what is shared ends with it.
 *
 * @returns {import('express-oidc').SharedStore}
 */
export function memoryStore() {
  /** @type {LRUCache<string, string>} */
  const values = new LRUCache({ max: 50_000 })
  const put = (/** @type {string} */ name, /** @type {string} */ value, /** @type {number} */ milliseconds) =>
    void values.set(name, value, { ttl: Math.max(1, Math.ceil(milliseconds)) })
  return {
    get: async (names) => names.map((name) => values.get(name)),
    set: async (name, value, milliseconds) => put(name, value, milliseconds),
    async add(name, value, milliseconds) {
      if (values.has(name)) return false
      put(name, value, milliseconds)
      return true
    },
    async replace(name, expected, value, milliseconds) {
      if (values.get(name) !== expected) return false
      put(name, value, milliseconds)
      return true
    },
    async remove(name, expected) {
      return (expected === undefined || values.get(name) === expected) && values.delete(name)
    },
  }
}
