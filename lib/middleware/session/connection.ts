import { isUpgrade } from '../../http/upgrade.js'
import type { Principal } from '../../policy/principal.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import { type FoundSession, storedSessionIn } from '../../session/storage/storage.js'
import { LiveSessions } from '../../session/revocation/live-sessions.js'
import { createHttpRequest } from '../http/request.js'
import { LiveConnection } from '../http/live-connection.js'
import { SocketWatches } from '../http/socket-watches.js'
import type { OidcContext } from './request-context.js'
import { SessionIdentity } from './identity.js'
import type { NodeRequest, NodeResponse } from '../types.js'

/** Who opened a connection, and a signal for the end of the session. */
export interface Connection {
  /** The person who is signed in. */
  readonly principal: Principal
  /**
   * Aborts when the session ends: at once after a logout in this process, within one second after it expires, within five seconds
   * after a logout in another process that shares the store, and within the seconds of `providerCache` after its provider is gone.
   * It also aborts, within a second, when the proof of a device-bound session expires. Its `reason` is a {@link SessionError}. It no
   * longer aborts once the request's socket has closed, or serves another request.
   */
  readonly signal: AbortSignal
}

/** Authenticates requests that bypass middleware. */
interface Connections {
  /** @param res - if it is known: its end ends the watch */
  open(req: NodeRequest, res?: NodeResponse): Promise<Connection | undefined>
  close(): void
}

/** Creates the authentication of connections, by Origin and session. */
export function createConnections({ application, relyingParties, storageOf }: OidcContext): Connections {
  const { runtime, revocations, sharedStore, configuration } = application
  // Other processes may end sessions, also those in a store that comes with a request, and a function may know a provider no longer.
  const isPolled = sharedStore !== undefined || relyingParties.mayLose
  const live = new LiveSessions({ runtime, limits: configuration.session, revocations, isPolled })
  const watches = new SocketWatches()
  return {
    async open(req, res) {
      const httpRequest = createHttpRequest(req)
      if (httpRequest.header('upgrade') !== undefined) surviveReset(req.socket)
      if (isUpgrade(httpRequest) && !application.baseUrls.isOwnOrigin(httpRequest.header('origin') ?? '', httpRequest))
        return undefined
      const storage = storageOf(req, httpRequest)
      const read = (): MaybePromise<FoundSession> => storage.read(httpRequest.cookies, httpRequest)
      const kept = storedSessionIn(await read())
      if (kept === undefined) return undefined
      const { record, countsUntil: at } = kept
      const rules = (storage.rp ?? relyingParties.of(record))?.configuration ?? configuration
      return new LiveConnection(new SessionIdentity(record, rules).principal, () => {
        const { signal, release } = live.watch(record, storage, at === undefined ? undefined : { at, read })
        watches.add(req, release, res)
        return signal
      })
    },
    close: () => live.close(),
  }
}

// At an upgrade Node removes its own error listener from the socket. Without one, a connection reset would end the process
// (Node's documentation of http, event 'upgrade').
function surviveReset(socket: NodeRequest['socket']): void {
  if (!socket.listeners('error').includes(ignoreReset)) socket.on('error', ignoreReset)
}

const ignoreReset = (): void => undefined
