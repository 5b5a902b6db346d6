import { hash } from 'node:crypto'
import type { Runtime } from '../../../base/runtime.js'
import { equalSecrets } from '../../../base/constant-time.js'
import type { Seal, SealPayload } from '../../../seal/seal.js'

/** One login on its way: what the authorization response must match, and where the person wants to go. */
export interface Transaction extends TransactionSecrets {
  /** Which of the configured base URLs it started at. */
  readonly baseUrlIndex: number
  readonly returnTo: string
  /** The whole return target lies elsewhere, or was dropped: `returnTo` is what is left of it. */
  readonly isCut?: boolean
  /** Older logins had to make room for it, and are known no more. */
  readonly madeRoom?: boolean
  /** Seconds since the epoch, to the millisecond: the order of tabs that a browser opens at once. */
  readonly startedAt: number
  /** Asked for by a step-up login: verified on return. */
  readonly maxAge?: number
  readonly acrValues?: readonly string[]
}

/** The random values of a transaction: all of them follow from one, so that a cookie need hold no more. */
export interface TransactionSecrets {
  readonly seed: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** The cookies that carry transactions: a few slots, each read and written whole, and one for the newest return target. */
export interface TransactionCookies {
  readonly slots: readonly string[]
  /** Name of the cookie for a return target that is too long for a slot. */
  readonly target: string
  /** Whether the browser has a cookie of this name, be it ours or not. */
  isTaken(name: string): boolean
  read(name: string): string | undefined
  write(name: string, sealed: string): void
  remove(name: string): void
  /** How long the cookie will be in a request: name, value and what stands between cookies. */
  bytes(name: string, sealed: string): number
}

/** A transaction in its slot. */
export interface FoundTransaction {
  readonly slot: string
  readonly transaction: Transaction
  readonly expired: boolean
}

/** How long a login may take, in seconds: the limit is sealed in, the browser is not asked. */
export const transactionSeconds = 600

const restartMark = '.r'
const silentMark = '.s'

/** What a state tells of its login: that is known even where the browser has lost the transaction. */
export interface StateMarks {
  /** It was started over once. */
  readonly restarted?: boolean
  /** The provider must not show anything. */
  readonly silent?: boolean
}

/** The secrets of a new transaction: 32 bytes each (RFC 7636 section 4.1, RFC 9700 section 4.7). */
export function freshSecrets(runtime: Runtime, { restarted = false, silent = false }: StateMarks): TransactionSecrets {
  const marks = (restarted ? restartMark : '') + (silent ? silentMark : '')
  return secretsOf(runtime.randomBytes(32).toString('base64url') + marks)
}

// Whoever sees the state, or the nonce, learns nothing of the others.
function secretsOf(seed: string): TransactionSecrets {
  const derive = (what: string): string => hash('sha256', `${what} ${seed}`, 'base64url')
  const marks = /(\.\w)*$/.exec(seed)?.[0] ?? ''
  return { seed, state: derive('state') + marks, nonce: derive('nonce'), codeVerifier: derive('code verifier') }
}

/** Whether a state belongs to a login that was started over once: the guard against a circle, which needs no cookie. */
export function isRestarted(state: string): boolean {
  return state.includes(restartMark)
}

/** Whether a state belongs to a silent login: one that nobody has asked for. */
export function isSilent(state: string): boolean {
  return state.includes(silentMark)
}

/** The transactions that the browser brings along, those too old among them. */
export function openTransactions(seal: Seal, cookies: TransactionCookies): readonly FoundTransaction[] {
  return cookies.slots.flatMap((slot) => {
    const sealed = cookies.read(slot)
    const opened = sealed === undefined ? undefined : seal.open(sealed)
    const transaction = opened === undefined ? undefined : fromPayload(opened.payload)
    return opened === undefined || transaction === undefined ? [] : [{ slot, transaction, expired: opened.expired }]
  })
}

/** The transaction that a response's state belongs to. */
export function findTransaction(
  state: string,
  transactions: readonly FoundTransaction[],
): FoundTransaction | undefined {
  return transactions.find((found) => equalSecrets(found.transaction.state, state))
}

/** A name for a state that tells nothing of it. */
export function stateKey(state: string): string {
  return hash('sha256', state, 'base64url')
}

/** Seals a transaction for its slot. */
export function sealTransaction(seal: Seal, t: Transaction): string {
  const payload: SealPayload = {
    exp: Math.round((t.startedAt + transactionSeconds) * 1000) / 1000,
    t: [t.seed, t.returnTo],
    ...(t.baseUrlIndex === 0 ? {} : { b: t.baseUrlIndex }),
    ...(t.maxAge === undefined ? {} : { m: t.maxAge }),
    ...(t.acrValues === undefined ? {} : { a: t.acrValues }),
    ...(t.isCut === true ? { c: 1 } : {}),
    ...(t.madeRoom === true ? { r: 1 } : {}),
  }
  return seal.seal(payload)
}

function fromPayload(payload: SealPayload): Transaction | undefined {
  const { t, b = 0, m, a, c, r, exp } = payload
  if (!isStrings(t) || typeof b !== 'number') return undefined
  const [seed, returnTo] = t
  if (seed === undefined || returnTo === undefined || t.length !== 2) return undefined
  return {
    ...{ ...secretsOf(seed), returnTo, baseUrlIndex: b, startedAt: exp - transactionSeconds },
    ...(typeof m === 'number' ? { maxAge: m } : {}),
    ...(isStrings(a) ? { acrValues: a } : {}),
    ...(c === 1 ? { isCut: true } : {}),
    ...(r === 1 ? { madeRoom: true } : {}),
  }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string')
}
