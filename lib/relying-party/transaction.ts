import { hash } from 'node:crypto'
import type { Platform } from '../options/platform.js'
import { equalSecrets } from '../seal/equal-secrets.js'
import type { Seal, SealPayload } from '../seal/seal.js'

/** One login on its way: what the authorization response must match, and where the person wants to go. */
export interface Transaction {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** Which of the configured base URLs it started at. */
  readonly baseUrlIndex: number
  readonly returnTo: string
  /** Seconds since the epoch, to the millisecond: the order of tabs that a browser opens at once. */
  readonly startedAt: number
  /** Asked for by a step-up login: verified on return. */
  readonly maxAge?: number
  readonly acrValues?: readonly string[]
}

/** The cookies that carry transactions: a few slots, each read and written whole. */
export interface TransactionCookies {
  readonly slots: readonly string[]
  read(slot: string): string | undefined
  write(slot: string, sealed: string): void
  remove(slot: string): void
}

/** A transaction in its slot. */
export interface FoundTransaction {
  readonly slot: string
  readonly transaction: Transaction
  readonly expired: boolean
}

/** How long a login may take, in seconds: the limit is sealed in, the browser is not asked. */
export const transactionSeconds = 600

/** How many logins may be under way in one browser; older ones make room. */
export const mostTransactions = 5

// cookie-session codes it in base64 once more: with name and attributes the cookie stays under 1 KB.
const longestSealed = 632

const restartMark = '.r'
const silentMark = '.s'

/** What a state tells of its login: that is known even where the browser has lost the transaction. */
export interface StateMarks {
  /** It was started over once. */
  readonly restarted?: boolean
  /** The provider must not show anything. */
  readonly silent?: boolean
}

/** The random values of a new transaction: 32 bytes each (RFC 7636 section 4.1, RFC 9700 section 4.7). */
export function freshSecrets(
  platform: Platform,
  { restarted = false, silent = false }: StateMarks,
): Pick<Transaction, 'state' | 'nonce' | 'codeVerifier'> {
  // Asked for at once: each call costs microseconds, whatever its length.
  const bytes = platform.randomBytes(96)
  const random = (index: number): string => bytes.toString('base64url', index * 32, (index + 1) * 32)
  const marks = (restarted ? restartMark : '') + (silent ? silentMark : '')
  return { state: random(0) + marks, nonce: random(1), codeVerifier: random(2) }
}

/** Whether a state belongs to a login that was started over once: the guard against a circle, which needs no cookie. */
export function isRestarted(state: string): boolean {
  return state.includes(restartMark)
}

/** Whether a state belongs to a silent login: one that nobody has asked for. */
export function isSilent(state: string): boolean {
  return state.includes(silentMark)
}

/**
 * Stores a transaction in a free slot, or in that of the oldest; at most five stay.
 *
 * @param fallback Return target for when not even the path of the wanted one fits.
 */
export function storeTransaction(
  transaction: Transaction,
  seal: Seal,
  cookies: TransactionCookies,
  fallback: string,
): void {
  const used = openTransactions(seal, cookies).toSorted((a, b) => b.transaction.startedAt - a.transaction.startedAt)
  const live = used.filter((found) => !found.expired)
  for (const found of used) if (found.expired) cookies.remove(found.slot)
  for (const found of live.slice(mostTransactions - 1)) cookies.remove(found.slot)
  const taken = new Set(live.slice(0, mostTransactions - 1).map((found) => found.slot))
  // Tabs that start at the same moment see no cookie of one another: where the search begins depends on the state.
  const start = stateKey(transaction.state).charCodeAt(0) % cookies.slots.length
  const order = [...cookies.slots.slice(start), ...cookies.slots.slice(0, start)]
  const slot = order.find((candidate) => !taken.has(candidate))
  const earliest = (live[0]?.transaction.startedAt ?? 0) + 0.001
  const ordered = { ...transaction, startedAt: Math.max(transaction.startedAt, earliest) }
  if (slot !== undefined) cookies.write(slot, sealFitting(ordered, seal, fallback))
}

// A return target that is too long for the cookie goes without its query, rather than not at all.
function sealFitting(transaction: Transaction, seal: Seal, fallback: string): string {
  const path = transaction.returnTo.replace(/[?#].*$/s, '')
  const sealWith = (returnTo: string): string => seal.seal(toPayload({ ...transaction, returnTo }))
  for (const returnTo of [transaction.returnTo, path]) {
    const sealed = sealWith(returnTo)
    if (sealed.length <= longestSealed) return sealed
  }
  return sealWith(fallback)
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

function toPayload(t: Transaction): SealPayload {
  return {
    exp: Math.round((t.startedAt + transactionSeconds) * 1000) / 1000,
    t: [t.state, t.nonce, t.codeVerifier, t.returnTo],
    ...(t.baseUrlIndex === 0 ? {} : { b: t.baseUrlIndex }),
    ...(t.maxAge === undefined ? {} : { m: t.maxAge }),
    ...(t.acrValues === undefined ? {} : { a: t.acrValues }),
  }
}

function fromPayload(payload: SealPayload): Transaction | undefined {
  const { t, b = 0, m, a, exp } = payload
  if (!isStrings(t) || typeof b !== 'number') return undefined
  const [state, nonce, codeVerifier, returnTo] = t
  if (state === undefined || nonce === undefined || codeVerifier === undefined || returnTo === undefined)
    return undefined
  return {
    ...{ state, nonce, codeVerifier, returnTo, baseUrlIndex: b, startedAt: exp - transactionSeconds },
    ...(typeof m === 'number' ? { maxAge: m } : {}),
    ...(isStrings(a) ? { acrValues: a } : {}),
  }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string')
}
