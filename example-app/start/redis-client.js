import { createClient } from 'redis'

/**
 * Connects to the demo's Redis. A lost connection comes back by itself.
 *
 * @param {string} url
 * @param {{ disableOfflineQueue?: boolean }} [options]
 */
export async function connectRedis(url, options) {
  const client = createClient({ url, ...options })
  // Failures are reported by the commands that fail.
  client.on('error', () => {})
  await client.connect()
  return client
}
