import type { Outcome } from '../../http/outcome.js'
import type { SessionRecord } from '../../session/record.js'
import type { SessionStart } from './code-exchange.js'
import type { TransactionCookies } from './transaction/transaction.js'

/** The result of a callback: where to go, and the new session. */
export interface FinishedLogin {
  readonly outcome: Outcome
  readonly session?: SessionRecord
  /** Whether nobody was signed in, and another login was begun instead: this one was not known to the browser, or too old. */
  readonly isBegunAgain?: true
  /** Whether the return target was too long to be kept as a whole. */
  readonly isTargetLost?: boolean
}

/** What is known about a login once its response arrives. */
export interface LoginUnderWay {
  /** Where to go after the login. */
  readonly returnTo: string
  /** Whether the application started it, and not the person. */
  readonly isSilent: boolean
  /** Whether it was to reach an `acr` or a `max_age`. */
  readonly hasExpectations: boolean
}

/** What a callback needs in addition to the request. */
export interface CallbackContext {
  readonly cookies: TransactionCookies
  /** The browser's current session. */
  readonly current: SessionRecord | undefined
  /** Called with the login that the response belongs to, before anything can fail. */
  readonly found?: (login: LoginUnderWay) => void
  /** Calls the application's `onLogin`, which may refuse the login. */
  readonly start: SessionStart
}
