import { startChild } from '../harness/child.js'

const connections = 50

/**
 * Makes sessions that no process has seen, as `express-oidc/testing` does, with cookies as long as those of logins. A separate process
 * makes them, so that the measured one does nothing but read.
 */
export async function startMint({ context, name }) {
  const child = startChild('session/server.js')
  await child.call('start', { name, context })
  return {
    /** Cookies for one turn: `first` for the opening of the connections, and one for each of `count` requests. */
    async mint(count, bytes) {
      const cookies = await child.call('mint', { count: count + connections, bytes })
      return { first: cookies.slice(0, connections), cookies: cookies.slice(connections) }
    },
    stop: () => child.stop(),
  }
}
