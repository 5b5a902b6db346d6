import type { Server } from 'node:http'
import type { Server as HttpsServer } from 'node:https'

/** Listens on a loopback port that the system picks; `close` ends all connections and frees it. */
export async function listen(server: Server | HttpsServer): Promise<{ origin: string; close: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        // What is closed already is closed.
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
