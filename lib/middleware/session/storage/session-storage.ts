import type { Exchange } from '../../../http/request.js'
import { isForeignSocket } from '../../../http/upgrade.js'
import { type TraceRemark, remarkOn } from '../../../base/diagnostics.js'
import { isOneOfSeveral } from '../../../options/shared/several-processes.js'
import { warnOfUnsharedRefreshes } from '../../../options/oidc/unshared-refreshes.js'
import type { RelyingParty } from '../../../relying-party/relying-party.js'
import { byCookieName, siteOf } from '../../../relying-party/base-url.js'
import { createCookieKeeper, watchedKeeper } from '../../../session/storage/stateless.js'
import { type SessionKeeper, unreadable } from '../../../session/storage/storage.js'
import type { SessionRecord } from '../../../session/record.js'
import { createStoreKeeper } from '../../../session/storage/stateful.js'
import { createRequestKeepers } from './request-storage.js'
import type { NodeRequest, NodeResponse } from '../../types.js'

/** Where the sessions of a request are kept; without its response where there is none, as at an upgrade. */
export type SessionKeepers = (req: NodeRequest, exchange: Exchange, res?: NodeResponse) => SessionKeeper

/**
 * Where the sessions of a request are kept, as the options say: the browser, a store, or the application's own session. None
 * is found for a WebSocket that another site's page opens: servers of those run middleware on the request that does.
 */
export function createSessionKeepers(party: RelyingParty): SessionKeepers {
  const origins = new Set(party.sites.map((site) => site.origin))
  const keeperOf = keepersOf(party)
  return (req, exchange, res) => {
    const keeper = keeperOf(req, exchange, res)
    return isForeignSocket(exchange, origins) ? closed(keeper) : keeper
  }
}

function closed(keeper: SessionKeeper): SessionKeeper {
  return {
    read: () => unreadable,
    find: (record) => keeper.find(record),
    save: (record, base) => keeper.save(record, base),
    touch: (record, base) => keeper.touch(record, base),
    end: (record) => keeper.end(record),
    write: (record, cookies) => keeper.write(record, cookies),
    clear: (cookies, further) => keeper.clear(cookies, further),
  }
}

function keepersOf(party: RelyingParty): SessionKeepers {
  const { configuration, platform, watermark, sessionStore, sharedMemory, refreshes } = party
  const { cookie, use, maxCookieBytes, storeTimeoutSeconds: timeoutSeconds, ...limits } = configuration.session
  const common = {
    secrets: configuration.secret,
    secure: party.sites[0].secure,
    sameSite: cookie.sameSite === 'Strict' ? ('strict' as const) : ('lax' as const),
    ...(cookie.domain === undefined ? {} : { domain: cookie.domain }),
    transient: cookie.transient,
    limits,
    audience: [configuration.issuer, configuration.clientId],
    platform,
    remark: (remarks: readonly TraceRemark[]) => remarkOn('session', configuration, remarks),
  }
  if (use === 'request') {
    let isKnown = false
    const unshared = ({ tokens }: SessionRecord): void => {
      if (isKnown || tokens.refreshToken === undefined) return
      isKnown = true
      warnOfUnsharedRefreshes(configuration, isOneOfSeveral(), true)
    }
    return createRequestKeepers({ ...common, watermark, refreshes, timeoutSeconds, unshared })
  }
  const keeperOf = byCookieName(party.sites, (name) =>
    sessionStore === undefined
      ? watchedKeeper(createCookieKeeper({ ...common, name, maxBytes: maxCookieBytes, sharedMemory }), {
          ...common,
          watermark,
          learn: (record) => refreshes.learn(record),
        })
      : createStoreKeeper({ ...common, name, memory: sessionStore, watermark }),
  )
  return (_req, exchange) => keeperOf(siteOf(party.sites, exchange))
}
