import { audit } from '../../base/audit/audit.js'
import { AccessError } from '../../errors.js'
import { auditedSession } from '../../session/audited-session.js'
import type { SessionRecord } from '../../session/record.js'
import type { WebRelyingParty } from '../providers/relying-parties.js'
import type { RequestContext } from '../session/request-context.js'

/** Reports that a frame of the provider's logout page has ended a session. */
export function auditFrontchannelLogout({ configuration: of }: WebRelyingParty, record: SessionRecord): void {
  audit(() => ({ name: 'logout', via: 'frontchannel', of, ...auditedSession(record) }))
}

/** Reports that a page of another site has tried to sign somebody out. */
export function auditForgedLogout({ application, rp, session }: RequestContext, error: unknown): void {
  if (!(error instanceof AccessError) || error.code !== 'cross_site_request') return
  const record = session.current()
  const { configuration: of } = rp ?? application
  audit(() => ({
    name: 'cross_site_refused',
    reason: error.code,
    of,
    ...(record === undefined ? {} : auditedSession(record)),
  }))
}
