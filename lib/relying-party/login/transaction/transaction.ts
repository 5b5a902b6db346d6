import { hash } from 'node:crypto'
import type { Runtime } from '../../../base/runtime.js'
import { equalSecrets } from '../../../base/constant-time.js'
import type { Seal, SealPayload } from '../../../seal/seal.js'
import type { BaseUrl } from '../../base-url.js'

/** One login in progress: what the authorization response must match, and where to go afterwards. */
export interface Transaction extends TransactionSecrets {
  /** Key of the base URL where it started. */
  readonly baseUrlKey: BaseUrl['key']
  readonly returnTo: string
  /** Key of the provider that it was sent to, if the application has several. */
  readonly provider?: string
  /** Whether the response is a POST from the provider's site (`form_post`). */
  readonly isPosted?: boolean
  /** Whether `returnTo` is shortened: the whole return target is stored elsewhere, or was dropped. */
  readonly isCut?: boolean
  /** Whether older logins were evicted for it. */
  readonly madeRoom?: boolean
  /** Seconds since the epoch, with millisecond precision: orders tabs that are opened at once. */
  readonly startedAt: number
  /** Requested by a step-up login, and verified on return. */
  readonly maxAge?: number
  readonly acrValues?: readonly string[]
  /** The organization that was requested, and that the ID Token must name. */
  readonly organization?: string
}

/** The random values of a transaction. All are derived from one seed, so the cookie contains only that. */
interface TransactionSecrets {
  readonly seed: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** The cookies for transactions: a few slots, and one for the return target of the newest login. */
export interface TransactionCookies {
  readonly slots: readonly string[]
  /** Name of the cookie for a return target that is too long for a slot. */
  readonly target: string
  /** Whether the browser sent a cookie with this name, ours or not. */
  isTaken(name: string): boolean
  read(name: string): string | undefined
  /** @param isPosted - whether a POST from another site must bring the cookie */
  write(name: string, sealed: string, isPosted?: boolean): void
  remove(name: string): void
  /** Length of the cookie in a request, of a sealed value of this length: name, value and separators. */
  bytes(name: string, sealedLength: number): number
}

/** A transaction in its slot. */
export interface FoundTransaction {
  readonly slot: string
  readonly transaction: Transaction
  readonly expired: boolean
}

/** How long a login may take, in seconds. The expiry is sealed, so it does not depend on the browser. */
export const transactionSeconds = 600

const formatVersion = 1
const restartMark = '.r'
const silentMark = '.s'

/** Marks in a state, which can be read even if the browser has lost the transaction. */
interface StateMarks {
  /** The login was started over once. */
  readonly restarted?: boolean
  /** The login is silent: the provider must not show a page. */
  readonly silent?: boolean
}

/** The secrets of a new transaction: 32 bytes each (RFC 7636 section 4.1, RFC 9700 section 4.7). */
export function createSecrets(runtime: Runtime, { restarted = false, silent = false }: StateMarks): TransactionSecrets {
  const marks = (restarted ? restartMark : '') + (silent ? silentMark : '')
  return secretsOf(runtime.randomBytes(32).toString('base64url') + marks)
}

// One-way: the state or the nonce reveals nothing about the other values.
function secretsOf(seed: string): TransactionSecrets {
  const derive = (what: string): string => hash('sha256', `${what} ${seed}`, 'base64url')
  const marks = /(\.\w)*$/.exec(seed)?.[0] ?? ''
  return { seed, state: derive('state') + marks, nonce: derive('nonce'), codeVerifier: derive('code verifier') }
}

/** Whether a state belongs to a login that was started over once. This guards against loops without a cookie. */
export function isRestarted(state: string): boolean {
  return state.includes(restartMark)
}

/** Whether a state belongs to a silent login. */
export function isSilent(state: string): boolean {
  return state.includes(silentMark)
}

/** Reads the browser's transactions, including expired ones. */
export function openTransactions(seal: Seal, cookies: TransactionCookies): readonly FoundTransaction[] {
  return cookies.slots.flatMap((slot) => {
    const sealed = cookies.read(slot)
    const opened = sealed === undefined ? undefined : seal.open(sealed)
    const transaction = opened === undefined ? undefined : fromPayload(opened.payload)
    return opened === undefined || transaction === undefined ? [] : [{ slot, transaction, expired: opened.expired }]
  })
}

/** Finds the transaction for a response's state. */
export function findTransaction(
  state: string,
  transactions: readonly FoundTransaction[],
): FoundTransaction | undefined {
  return transactions.find((found) => equalSecrets(found.transaction.state, state))
}

/** A hash of a state, as a key that does not reveal it. */
export function stateKey(state: string): string {
  return hash('sha256', state, 'base64url')
}

/** Seals a transaction for its slot. */
export function sealTransaction(seal: Seal, transaction: Transaction): string {
  return seal.seal(toPayload(transaction))
}

/** How long a transaction is once it is sealed. */
export function sealedLength(seal: Seal, transaction: Transaction): number {
  return seal.lengthOf(toPayload(transaction))
}

function toPayload(t: Transaction): SealPayload {
  return {
    v: formatVersion,
    exp: Math.round((t.startedAt + transactionSeconds) * 1000) / 1000,
    t: [t.seed, t.returnTo],
    ...(t.baseUrlKey === 0 ? {} : { b: t.baseUrlKey }),
    ...(t.provider === undefined ? {} : { p: t.provider }),
    ...(t.maxAge === undefined ? {} : { m: t.maxAge }),
    ...(t.acrValues === undefined ? {} : { a: t.acrValues }),
    ...(t.organization === undefined ? {} : { o: t.organization }),
    ...(t.isPosted === true ? { f: 1 } : {}),
    ...(t.isCut === true ? { c: 1 } : {}),
    ...(t.madeRoom === true ? { r: 1 } : {}),
  }
}

function fromPayload(payload: SealPayload): Transaction | undefined {
  const { v, t, b = 0, f, c, r, exp } = payload
  if (v !== formatVersion || !isStrings(t) || !isKey(b)) return undefined
  const [seed, returnTo] = t
  if (seed === undefined || returnTo === undefined || t.length !== 2) return undefined
  return {
    ...{ ...secretsOf(seed), returnTo, baseUrlKey: b, startedAt: exp - transactionSeconds },
    ...expectationsIn(payload),
    ...(f === 1 ? { isPosted: true } : {}),
    ...(c === 1 ? { isCut: true } : {}),
    ...(r === 1 ? { madeRoom: true } : {}),
  }
}

function expectationsIn({ p, m, a, o }: SealPayload): Partial<Transaction> {
  return {
    ...(typeof p === 'string' ? { provider: p } : {}),
    ...(typeof m === 'number' ? { maxAge: m } : {}),
    ...(isStrings(a) ? { acrValues: a } : {}),
    ...(typeof o === 'string' ? { organization: o } : {}),
  }
}

function isKey(value: unknown): value is BaseUrl['key'] {
  return typeof value === 'number' || typeof value === 'string'
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string')
}
