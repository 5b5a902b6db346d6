import { isGone } from './respond.js'
import type { NodeRequest, NodeResponse } from '../types.js'

interface Watch {
  readonly req: NodeRequest
  readonly res: NodeResponse | undefined
  readonly release: () => void
}

/**
 * What is watched for requests, by socket: a watch ends with its response, or with its socket. If the response is not known, it ends
 * once the socket serves another request.
 */
export class SocketWatches {
  readonly #bySocket = new WeakMap<NodeRequest['socket'], Set<Watch>>()

  /**
   * @param release - ends the watch; called at once for a socket or a response that is closed
   * @param res - if it is known. Only this tells whether a request is complete: a client may send the next one before (pipelining)
   */
  add(req: NodeRequest, release: () => void, res?: NodeResponse): void {
    if (req.socket.destroyed || (res !== undefined && isGone(res))) {
      release()
      return
    }
    const watches = this.#of(req)
    const watch = { req, res, release }
    watches.add(watch)
    res?.once('close', () => end(watch, watches))
  }

  #of({ socket }: NodeRequest): Set<Watch> {
    const known = this.#bySocket.get(socket)
    const watches = known ?? new Set<Watch>()
    // A keep-alive socket brings one request after another.
    for (const watch of watches) if (watch.res === undefined && watch.req.closed) end(watch, watches)
    // Node 20 emits no 'close' for a response that still waits for another one on the socket.
    if (known === undefined) socket.once('close', () => watches.forEach((watch) => end(watch, watches)))
    this.#bySocket.set(socket, watches)
    return watches
  }
}

function end(watch: Watch, watches: Set<Watch>): void {
  if (watches.delete(watch)) watch.release()
}
