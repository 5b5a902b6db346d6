import type { NodeRequest } from '../types.js'

interface Watch {
  readonly req: NodeRequest
  readonly release: () => void
}

/** What is watched for requests, by socket: a watch ends with its socket, or once the socket serves another request. */
export class SocketWatches {
  readonly #bySocket = new WeakMap<NodeRequest['socket'], Set<Watch>>()

  /** @param release - ends the watch; called at once for a socket that is closed */
  add(req: NodeRequest, release: () => void): void {
    if (req.socket.destroyed) release()
    else this.#of(req).add({ req, release })
  }

  #of({ socket }: NodeRequest): Set<Watch> {
    const known = this.#bySocket.get(socket)
    const watches = known ?? new Set<Watch>()
    const end = (watch: Watch): void => {
      watch.release()
      watches.delete(watch)
    }
    // A keep-alive socket brings one request after another: earlier ones are complete by now.
    for (const watch of watches) if (watch.req.closed) end(watch)
    if (known === undefined) socket.once('close', () => watches.forEach(end))
    this.#bySocket.set(socket, watches)
    return watches
  }
}
