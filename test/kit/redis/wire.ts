import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { RedisServer } from './server.js'

/** Stands between a client and Redis, as a firewall does that forgets connections: nothing is closed, nothing goes through. */
export class Wire {
  readonly url: string
  readonly #server: Server
  readonly #forgotten = new WeakSet<Socket>()
  readonly #open = new Set<Socket>()
  /** How many connections have been made. */
  count = 0
  /** How many have been closed by the client. */
  closed = 0

  private constructor(server: Server, target: number) {
    this.#server = server
    this.url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', (near) => {
      this.count += 1
      const far = connect(target, '127.0.0.1')
      this.#open.add(near).add(far)
      near.once('close', () => (this.closed += 1))
      for (const [from, to] of [[near, far] as const, [far, near] as const]) {
        from.on('data', (bytes) => void (this.#forgotten.has(near) || to.write(bytes)))
        from.on('error', () => undefined).on('close', () => (this.#forgotten.has(near) ? undefined : to.destroy()))
      }
    })
  }

  static async to({ port }: RedisServer): Promise<Wire> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Wire(server, port)
  }

  forgetAll(): void {
    for (const socket of this.#open) this.#forgotten.add(socket)
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
