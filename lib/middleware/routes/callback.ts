import onHeaders from 'on-headers'
import type { Outcome } from '../../http/outcome.js'
import type { TraceNotes } from '../../base/diagnostics.js'
import type { TraceRemark } from '../../base/tracing/event.js'
import { areGroupsLeftOut } from '../../policy/claim-path.js'
import { finishLogin } from '../../relying-party/login/callback.js'
import type { SessionStart } from '../../relying-party/login/code-exchange.js'
import { auditFailedLogin, auditLogin } from '../audit/login.js'
import { answeredByOnLogin, loginResult } from './login-result.js'
import { countLogin } from '../session/login-loop.js'
import type { GuardCall } from '../guard/authentication.js'
import type { WebRelyingParty } from '../providers/relying-parties.js'
import type { RequestContext } from '../session/request-context.js'

/** A request to a route of a relying party. */
export interface RouteCall {
  readonly rp: WebRelyingParty
  readonly request: RequestContext
  readonly call: GuardCall
}

/** Finishes a login and stores the new session. */
export async function callback(routeCall: RouteCall, notes: TraceNotes | undefined): Promise<Outcome> {
  const person: Person = {}
  try {
    return await finish(routeCall, person, notes)
  } catch (error) {
    auditFailedLogin(routeCall.rp, error, person.subject)
    throw error
  }
}

/** Who signs in, once that is proven. */
interface Person {
  subject?: string
}

async function finish(
  { rp, request, call }: RouteCall,
  person: Person,
  notes: TraceNotes | undefined,
): Promise<Outcome> {
  const current = request.session.current()
  const { outcome, session, isTargetLost, isBegunAgain } = await finishLogin(rp, request.httpRequest, {
    cookies: await request.transactions(),
    current,
    found: (underWay) => void (request.login = underWay),
    start: sessionStart({ rp, request, call }, person, notes),
  })
  if (isBegunAgain === true) remark(notes, 'begun_again')
  if (isTargetLost === true) remark(notes, 'return_target_lost')
  if (session !== undefined) {
    const { revalidateSeconds } = rp.configuration.session
    if (revalidateSeconds !== undefined && session.tokens.refreshToken === undefined)
      remark(notes, 'revalidation_impossible')
    await request.signIn(rp, session)
    auditLogin(rp, session, current !== undefined && request.login?.hasExpectations === true)
    if (current === undefined) countLogin(request)
  }
  return outcome
}

// An onLogin that responds writes the headers before the session's cookie is in them. Its response may lead back to a guard,
// so the login counts for the detection of loops.
function sessionStart(
  { rp, request, call: { req, res } }: RouteCall,
  person: Person,
  notes: TraceNotes | undefined,
): SessionStart {
  const { onLogin } = rp.configuration
  return async (completed) => {
    person.subject = completed.claims.sub
    if (areGroupsLeftOut(completed.claims)) remark(notes, 'groups_left_out')
    if (onLogin === undefined) return loginResult(undefined)
    let isRunning = true
    onHeaders(res, () => {
      if (isRunning) countLogin(request)
    })
    try {
      const returned: unknown = await onLogin(completed, req)
      if (res.headersSent || res.writableEnded) throw answeredByOnLogin()
      return loginResult(returned)
    } finally {
      isRunning = false
    }
  }
}

function remark(notes: TraceNotes | undefined, word: TraceRemark): void {
  if (notes !== undefined) notes.remarks = [...(notes.remarks ?? []), word]
}
