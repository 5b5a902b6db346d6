import { audit, type AuditEntry } from '../../base/audit/audit.js'
import { omitUndefined } from '../../base/json.js'
import type { Runtime } from '../../base/runtime.js'
import type { SignalAction, SubjectMatch } from '../../options/signals/events.js'
import type { LogoutTarget, SessionRevocations } from '../../session/revocation/revocations.js'
import { endsSessions, isAboutStream } from './event-types.js'
import type { TokenEvent } from './security-event-token.js'
import { matchesOf, type SubjectRules } from './subject-matches.js'

/** The sessions of one provider. */
export interface ProviderSessions {
  /** Issuer, client ID and name of the provider. */
  readonly of: AuditEntry['of']
  /** Its key in sessions, if the application has several providers. */
  readonly provider?: string | undefined
}

/** What the events of a transmitter do. */
export interface SignalActions {
  /** Does what an event asks for. */
  act(event: TokenEvent): Promise<SignalAction>
  /** Ends the sessions that an event names, whatever it asks for. */
  end(event: TokenEvent): Promise<SignalAction>
}

/** Whose sessions, and where they are ended. */
interface ActionParts {
  readonly rules: SubjectRules
  readonly providers: readonly ProviderSessions[]
  readonly revocations: Pick<SessionRevocations, 'revoke'>
  readonly runtime: Pick<Runtime, 'now'>
}

/** Creates the actions for the events of a transmitter. */
export function createActions(parts: ActionParts): SignalActions {
  return {
    act: async (event) => (endsSessions(event.type, event.claims) ? end(parts, event) : 'none'),
    end: (event) => end(parts, event),
  }
}

async function end({ rules, providers, revocations, runtime }: ActionParts, event: TokenEvent): Promise<SignalAction> {
  const { subject, type } = event
  if (subject === undefined || isAboutStream(type)) return 'none'
  const matches = await matchesOf(subject, type, rules)
  if (typeof matches === 'string') return matches
  const at = Math.min(runtime.now(), lastMillisecondOf(event.occurredAt))
  for (const match of matches) {
    for (const each of providers) {
      await revocations.revoke(targetOf(match, each), at)
      audit(() => ({
        name: 'logout',
        via: 'signal',
        subject: match.sub,
        of: { ...each.of, ...omitUndefined({ issuer: match.iss }) },
      }))
    }
  }
  return 'ended'
}

// A session that began in the same second may be older than the event: most times have whole seconds only.
function lastMillisecondOf(seconds: number): number {
  return Number.isInteger(seconds) ? seconds * 1000 + 999 : Math.ceil(seconds * 1000)
}

function targetOf({ sub, sid, iss }: SubjectMatch, { provider }: ProviderSessions): LogoutTarget {
  const at = omitUndefined({ provider, issuer: iss })
  if (sub !== undefined) return sid === undefined ? { subject: sub, ...at } : { subject: sub, sid, ...at }
  return { sid: sid ?? '', ...at }
}
