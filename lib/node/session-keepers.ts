import type { Exchange } from '../http/exchange.js'
import { remarkOn, type TraceRemark } from '../options/trace.js'
import type { RelyingParty } from '../relying-party/party.js'
import { byCookieName, siteOf } from '../relying-party/site.js'
import { createCookieKeeper } from '../session/cookie-keeper.js'
import type { SessionKeeper } from '../session/keeper.js'
import { createStoreKeeper } from '../session/store-keeper.js'
import { watchedKeeper } from '../session/watched-keeper.js'
import { createRequestKeepers } from './request-keeper.js'
import type { NodeRequest } from './types.js'

/** Where the sessions of a request are kept, as the options say: the browser, a store, or the application's own session. */
export function createSessionKeepers(party: RelyingParty): (req: NodeRequest, exchange: Exchange) => SessionKeeper {
  const { configuration, platform, watermark, sessionStore, refreshes } = party
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
  if (use === 'request') return createRequestKeepers({ ...common, watermark, refreshes, timeoutSeconds })
  const keeperOf = byCookieName(party.sites, (name) =>
    sessionStore === undefined
      ? watchedKeeper(createCookieKeeper({ ...common, name, maxBytes: maxCookieBytes }), {
          ...common,
          watermark,
          learn: (record) => refreshes.learn(record),
        })
      : createStoreKeeper({ ...common, name, memory: sessionStore, watermark }),
  )
  return (_req, exchange) => keeperOf(siteOf(party.sites, exchange))
}
