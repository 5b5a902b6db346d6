import type { HttpRequest } from '../../../http/request.js'
import { isForeignSocket } from '../../../http/upgrade.js'
import type { MaybePromise } from '../../../base/maybe-promise.js'
import { remarkOn } from '../../../base/diagnostics.js'
import type { TraceRemark } from '../../../base/tracing/event.js'
import { isOneOfSeveral } from '../../../options/common/several-processes.js'
import { warnOfUnsharedRefreshes } from '../../../options/oidc/unshared-refreshes.js'
import type { ApplicationWith } from '../../../relying-party/relying-party.js'
import type { BaseUrl } from '../../../relying-party/base-url.js'
import { byCookieName, baseUrlOf } from '../../../relying-party/base-urls.js'
import { OpenedCache } from '../../../seal/opened-cache.js'
import type { SessionNames } from '../../../session/revocation/revocations.js'
import { absences } from '../../../session/storage/absence.js'
import { BoundStorage } from '../../../session/storage/bound.js'
import type { KnownCookies } from '../../../session/storage/sealed-cookies.js'
import {
  createStatelessStorage,
  revocableStorage,
  type StatelessStorageSettings,
} from '../../../session/storage/stateless.js'
import { type SessionStorage, unreadable } from '../../../session/storage/storage.js'
import type { SessionRecord } from '../../../session/record.js'
import { createStatefulStorage } from '../../../session/storage/stateful.js'
import { createRequestStorages } from './request-storage.js'
import type { SessionUses } from './request-storage-settings.js'
import type { NodeRequest, NodeResponse } from '../../types.js'

/** The parts of an application that decide where sessions are kept. */
type StorageParts = ApplicationWith<
  'audience' | 'baseUrls' | 'configuration' | 'refreshes' | 'revocations' | 'runtime' | 'sessionStore' | 'sharedStore'
>

/** Finds the storage for the session of a request. At an upgrade there is no response. */
export type SessionStorages = (req: NodeRequest, httpRequest: HttpRequest, res?: NodeResponse) => SessionStorage

/**
 * Creates the storages that the options choose: the browser, a store, or the application's own session. For a WebSocket that a
 * page of another site opens, no session is found: some WebSocket servers run middleware on that request.
 */
export function createSessionStorages(application: StorageParts, uses: SessionUses): SessionStorages {
  const storageOf = storagesOf(application, uses)
  const { devices } = uses
  return (req, httpRequest, res) => {
    const found = storageOf(req, httpRequest, res)
    const here = application.baseUrls.areApart ? boundTo(baseUrlOf(application.baseUrls, httpRequest), found) : found
    const storage =
      devices === undefined ? here : devices.guard(here, baseUrlOf(application.baseUrls, httpRequest), announceOn(res))
    const isOwn = (origin: string): boolean => application.baseUrls.isOwnOrigin(origin, httpRequest)
    return isForeignSocket(httpRequest, isOwn) ? closed(storage) : storage
  }
}

function boundTo({ key, origin }: BaseUrl, storage: SessionStorage): SessionStorage {
  return new BoundStorage(storage, { origin, isFirst: key === 0 })
}

function closed(storage: SessionStorage): SessionStorage {
  return {
    read: () => unreadable,
    absence: () => absences.foreignSocket,
    find: (record) => storage.find(record),
    save: (record, base) => storage.save(record, base),
    touch: (record, base) => storage.touch(record, base),
    end: (record) => storage.end(record),
    write: (record, cookies) => storage.write(record, cookies),
    clear: (cookies, further) => storage.clear(cookies, further),
  }
}

function announceOn(res: NodeResponse | undefined): (header: string) => void {
  return (header) => void res?.setHeader('Secure-Session-Registration', header)
}

function storagesOf(application: StorageParts, uses: SessionUses): SessionStorages {
  const { configuration, runtime, revocations, refreshes, sharedStore } = application
  const { cookie, use, maxCookieBytes, storeTimeoutSeconds: timeoutSeconds, ...limits } = configuration.session
  const common = {
    secrets: configuration.secret,
    secure: application.baseUrls.secure,
    sameSite: cookie.sameSite === 'Strict' ? ('strict' as const) : ('lax' as const),
    ...(cookie.domain === undefined ? {} : { domain: cookie.domain }),
    transient: cookie.transient,
    limits,
    audience: application.audience,
    runtime,
    remark: (remarks: readonly TraceRemark[]) => remarkOn('session', configuration, remarks),
  }
  if (use === 'request') {
    let isKnown = false
    const unshared = ({ tokens }: SessionRecord): void => {
      if (isKnown || tokens.refreshToken === undefined) return
      isKnown = true
      warnOfUnsharedRefreshes(configuration, isOneOfSeveral(), true)
    }
    return createRequestStorages({ ...common, revocations, refreshes, sharedStore, timeoutSeconds, unshared, ...uses })
  }
  const storageOf = byCookieName(
    application.baseUrls,
    storageMaker(application, { ...common, maxBytes: maxCookieBytes }),
  )
  return (_req, httpRequest) => storageOf(baseUrlOf(application.baseUrls, httpRequest))
}

// One cache for all names: it takes so much memory for an application, and not for each of its hosts.
function storageMaker(
  { refreshes, revocations, sessionStore, sharedStore }: StorageParts,
  settings: Omit<StatelessStorageSettings, 'name'>,
): (name: string) => SessionStorage {
  if (sessionStore !== undefined) {
    const known: KnownCookies<SessionNames> = new OpenedCache()
    return (name) => createStatefulStorage({ ...settings, name, known, sharedStore: sessionStore, revocations })
  }
  const known: KnownCookies<SessionRecord> = new OpenedCache()
  const loadSuccessors = (record: SessionRecord): MaybePromise<void> => refreshes.loadSuccessors(record)
  return (name) => {
    const storage = createStatelessStorage({ ...settings, name, known, sharedStore })
    return revocableStorage(storage, { ...settings, revocations, loadSuccessors })
  }
}
