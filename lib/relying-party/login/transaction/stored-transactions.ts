import type { Seal } from '../../../seal/seal.js'
import {
  type FoundTransaction,
  openTransactions,
  sealedLength,
  sealTransaction,
  stateKey,
  type Transaction,
  type TransactionCookies,
} from './transaction.js'

/** Maximum number of logins in progress per browser; older ones are evicted. */
export const maxTransactions = 5

// cookie-session encodes it in base64 again. With name and attributes, the cookie stays under 1 KB.
const maxSealedLength = 632

// The limit for all login cookies together, which leaves room for a session of several kilobytes in a request's
// headers.
const maxBytes = 4095

/** Whether a transaction is too long for a slot. */
export function isTooLong(transaction: Transaction, seal: Seal): boolean {
  return sealedLength(seal, transaction) > maxSealedLength
}

/** Shortens the return target to its path, or removes it, to make the transaction fit. */
export function withCutTarget(transaction: Transaction, seal: Seal): Transaction {
  const path = { ...transaction, returnTo: transaction.returnTo.replace(/[?#].*$/s, ''), isCut: true }
  return isTooLong(path, seal) ? withoutTarget(path) : path
}

/** How many bytes are left for other login cookies, besides this one, within 4 KB in total. */
export function roomBeside(transaction: Transaction, seal: Seal, cookies: TransactionCookies): number {
  const [slot = ''] = cookies.slots
  return maxBytes - cookies.bytes(slot, sealedLength(seal, { ...transaction, madeRoom: true }))
}

/**
 * Stores a transaction in a free slot, or replaces the oldest. At most five are kept, within 4 KB in total: to make
 * room, older transactions first lose their return target, and then their slot; the oldest first.
 *
 * @param apart - the separate cookie of a long return target, which belongs to this login or an older one
 */
export function storeTransaction(
  transaction: Transaction,
  seal: Seal,
  cookies: TransactionCookies,
  apart: { readonly bytes: number; readonly isOlder: boolean },
): void {
  const used = openTransactions(seal, cookies).toSorted((a, b) => b.transaction.startedAt - a.transaction.startedAt)
  const live = used.filter((found) => !found.expired)
  const earliest = (live[0]?.transaction.startedAt ?? 0) + 0.001
  const newest = { ...transaction, startedAt: Math.max(transaction.startedAt, earliest) }
  const kept = makeRoom(live.slice(0, maxTransactions - 1), {
    seal,
    cookies,
    room: roomBeside(newest, seal, cookies) - (apart.isOlder ? 0 : apart.bytes),
    older: apart.isOlder ? apart.bytes : 0,
  })
  for (const { slot } of used) if (!kept.has(slot)) cookies.remove(slot)
  const slot = freeSlot(cookies, transaction, { own: used.map((found) => found.slot), kept })
  const isLeft = live.every((found) => kept.has(found.slot) && found.slot !== slot)
  const madeRoom = !isLeft || live.some((found) => found.transaction.madeRoom === true)
  if (slot !== undefined)
    cookies.write(slot, sealTransaction(seal, madeRoom ? { ...newest, madeRoom } : newest), newest.isPosted)
}

interface Room {
  readonly seal: Seal
  readonly cookies: TransactionCookies
  readonly room: number
  /** Size of the separate cookie with an older login's return target. */
  readonly older: number
}

// Returns the slots that are kept, the newest first.
function makeRoom(
  older: readonly FoundTransaction[],
  { seal, cookies, room, older: apart }: Room,
): ReadonlySet<string> {
  const sizes = new Map(older.map(({ slot }) => [slot, cookies.bytes(slot, cookies.read(slot)?.length ?? 0)]))
  const total = (): number => [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
  const isFull = (): boolean => total() > room
  if (apart > 0 && total() + apart > room) cookies.remove(cookies.target)
  for (const { slot, transaction } of older.toReversed()) {
    if (!isFull()) break
    const sealed = sealTransaction(seal, withoutTarget(transaction))
    sizes.set(slot, cookies.bytes(slot, sealed.length))
    cookies.write(slot, sealed, transaction.isPosted)
  }
  for (const { slot } of older.toReversed()) if (isFull()) sizes.delete(slot)
  return new Set(sizes.keys())
}

function withoutTarget(transaction: Transaction): Transaction {
  return { ...transaction, returnTo: '', isCut: true }
}

interface Slots {
  /** Slots with logins of this application, including expired ones. */
  readonly own: readonly string[]
  readonly kept: ReadonlySet<string>
}

// Tabs that start at the same moment do not see each other's cookies, so the search begins at a slot that depends on
// the state. A value that is not ours may be a login of another application on this host. It is replaced last, after
// even our own oldest.
function freeSlot(cookies: TransactionCookies, { state }: Transaction, { own, kept }: Slots): string | undefined {
  const start = stateKey(state).charCodeAt(0) % cookies.slots.length
  const order = [...cookies.slots.slice(start), ...cookies.slots.slice(0, start)]
  const free = order.filter((slot) => !kept.has(slot))
  return free.find((slot) => own.includes(slot) || !cookies.isTaken(slot)) ?? [...kept].at(-1) ?? free[0]
}
