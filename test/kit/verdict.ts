import { omitUndefined } from '../../lib/base/json.js'
import type { Principal } from '../../lib/policy/principal.js'
import { ask, type Requirement, type Verdict } from '../../lib/policy/requirement.js'

/** What a requirement decides, without the details for logs. */
export async function decisionOf(requirement: Requirement, principal: Principal): Promise<Verdict> {
  return omitUndefined({ ...(await ask(requirement, principal, undefined)), details: undefined })
}
