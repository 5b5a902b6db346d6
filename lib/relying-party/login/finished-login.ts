import type { Outcome } from '../../http/outcome.js'
import type { SessionRecord } from '../../session/record.js'
import type { SessionStart } from './code-exchange.js'
import type { TransactionCookies } from './transaction/transaction.js'

/** How a callback ended: where to go, and the session that begins. */
export interface FinishedLogin {
  readonly outcome: Outcome
  readonly session?: SessionRecord
  /** The return target was too long to be kept whole. */
  readonly isTargetLost?: boolean
}

/** What is known of a login as soon as its response has come. */
export interface LoginUnderWay {
  /** Where it is to end. */
  readonly returnTo: string
  /** Nobody has asked for it. */
  readonly isSilent: boolean
}

/** What a callback needs beside the request. */
export interface CallbackContext {
  readonly cookies: TransactionCookies
  /** The session that the browser has already. */
  readonly current: SessionRecord | undefined
  /** Told of the login that the response belongs to, before anything of it can fail. */
  readonly found?: (login: LoginUnderWay) => void
  /** Turns validated tokens into the session, or refuses. */
  readonly start: SessionStart
}
