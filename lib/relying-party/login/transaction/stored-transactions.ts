import type { Seal } from '../../../seal/seal.js'
import {
  type FoundTransaction,
  openTransactions,
  sealTransaction,
  stateKey,
  type Transaction,
  type TransactionCookies,
} from './transaction.js'

/** How many logins may be under way in one browser; older ones make room. */
export const maxTransactions = 5

// cookie-session codes it in base64 once more: with name and attributes the cookie stays under 1 KB.
const maxSealedLength = 632

// Of all cookies of logins together. A request's head has room for them and for a session of several kilobytes.
const maxBytes = 4095

/** Whether a transaction does not fit into a slot as it is. */
export function isTooLong(transaction: Transaction, seal: Seal): boolean {
  return sealTransaction(seal, transaction).length > maxSealedLength
}

/** The same with what fits of its return target: the path, or nothing. */
export function cut(transaction: Transaction, seal: Seal): Transaction {
  const path = { ...transaction, returnTo: transaction.returnTo.replace(/[?#].*$/s, ''), isCut: true }
  return isTooLong(path, seal) ? withoutTarget(path) : path
}

/** The bytes that one more login may take beside this one, so that the cookies of logins stay together under 4 KB. */
export function roomBeside(transaction: Transaction, seal: Seal, cookies: TransactionCookies): number {
  const [slot = ''] = cookies.slots
  return maxBytes - cookies.bytes(slot, sealTransaction(seal, { ...transaction, madeRoom: true }))
}

/**
 * Stores a transaction in a free slot, or in that of the oldest. At most five stay, and all cookies together stay under
 * 4 KB: older ones lose their return target first, the oldest before others, and then their place.
 *
 * @param apart - a return target that was too long for its slot: that of this login, or an older one's
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
  if (slot !== undefined) cookies.write(slot, sealTransaction(seal, madeRoom ? { ...newest, madeRoom } : newest))
}

interface Room {
  readonly seal: Seal
  readonly cookies: TransactionCookies
  readonly room: number
  /** What an older login's return target takes apart from its slot. */
  readonly older: number
}

// Returns the slots of those that stay, the newest first.
function makeRoom(
  older: readonly FoundTransaction[],
  { seal, cookies, room, older: apart }: Room,
): ReadonlySet<string> {
  const sizes = new Map(older.map(({ slot }) => [slot, cookies.bytes(slot, cookies.read(slot) ?? '')]))
  const total = (): number => [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)
  const isFull = (): boolean => total() > room
  if (apart > 0 && total() + apart > room) cookies.remove(cookies.target)
  for (const { slot, transaction } of older.toReversed()) {
    if (!isFull()) break
    const sealed = sealTransaction(seal, withoutTarget(transaction))
    sizes.set(slot, cookies.bytes(slot, sealed))
    cookies.write(slot, sealed)
  }
  for (const { slot } of older.toReversed()) if (isFull()) sizes.delete(slot)
  return new Set(sizes.keys())
}

function withoutTarget(transaction: Transaction): Transaction {
  return { ...transaction, returnTo: '', isCut: true }
}

interface Slots {
  /** Those that hold logins of this application, expired ones among them. */
  readonly own: readonly string[]
  readonly kept: ReadonlySet<string>
}

// Tabs that start at the same moment see no cookie of one another: where the search begins depends on the state. A value of
// nobody we know may be a login at another application of this host: it is left alone as long as there is another slot, be it that of our own oldest.
function freeSlot(cookies: TransactionCookies, { state }: Transaction, { own, kept }: Slots): string | undefined {
  const start = stateKey(state).charCodeAt(0) % cookies.slots.length
  const order = [...cookies.slots.slice(start), ...cookies.slots.slice(0, start)]
  const free = order.filter((slot) => !kept.has(slot))
  return free.find((slot) => own.includes(slot) || !cookies.isTaken(slot)) ?? [...kept].at(-1) ?? free[0]
}
