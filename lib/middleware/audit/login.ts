import { audit, auditReason } from '../../base/audit/audit.js'
import type { AuditFacts } from '../../base/audit/event.js'
import { omitUndefined } from '../../base/json.js'
import { auditedSession } from '../../session/audited-session.js'
import { idTokenClaims } from '../../session/claims.js'
import type { SessionRecord } from '../../session/record.js'
import type { WebRelyingParty } from '../providers/relying-parties.js'

const reported = new WeakSet<SessionRecord>()

/**
 * Reports that somebody has signed in: once, if the callback came twice at the same moment.
 *
 * @param isStepUp - whether a guard sent a signed-in person to this login
 */
export function auditLogin({ configuration: of }: WebRelyingParty, session: SessionRecord, isStepUp: boolean): void {
  if (reported.has(session)) return
  reported.add(session)
  const name = isStepUp ? 'step_up_succeeded' : 'login_succeeded'
  audit(() => ({ name, of, ...strengthOf(session), ...auditedSession(session) }))
}

/**
 * Reports that a login has failed.
 *
 * @param subject - who it was, once that is proven
 */
export function auditFailedLogin({ configuration: of }: WebRelyingParty, error: unknown, subject?: string): void {
  audit(() => ({ name: 'login_failed', reason: auditReason(error), of, subject }))
}

type Strength = Pick<Extract<AuditFacts, { readonly name: 'login_succeeded' }>, 'acr' | 'amr'>

function strengthOf(session: SessionRecord): Strength {
  const { acr, amr } = idTokenClaims(session)
  return omitUndefined({
    acr: typeof acr === 'string' ? acr : undefined,
    amr: Array.isArray(amr) && amr.every((method) => typeof method === 'string') ? amr : undefined,
  })
}
