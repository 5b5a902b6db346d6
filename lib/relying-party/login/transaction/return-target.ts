import { hash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { safeReturnTo } from '../../../http/return-to.js'
import type { BaseUrl } from '../../base-url.js'
import type { RelyingPartyWith } from '../../relying-party.js'
import { cut, isTooLong, roomBeside, storeTransaction } from './stored-transactions.js'
import { stateKey, type Transaction, type TransactionCookies, transactionSeconds } from './transaction.js'

/** The parts of a relying party that keep return targets while logins are under way. */
export type ReturnTargetParts = RelyingPartyWith<
  'configuration' | 'transactionSeal' | 'targetSeal' | 'targetQuota' | 'sharedStore'
>

// Return targets are shorter; what was sealed here holds nothing else.
const maxInflated = 8192

/** A return target as far as it can be used. */
export interface ReturnTarget {
  readonly returnTo: string
  /** It is not the one that was wanted: nothing, or its path only, is left of that. */
  readonly isLost: boolean
}

/**
 * Checks a return target. One that is longer than the 2,048 characters that are kept loses its query; one that is unsafe is
 * none, and nobody has lost anything by that.
 */
export function wantedTarget(wanted: string | undefined, { returnTo: policy, home }: BaseUrl): ReturnTarget {
  const target = safeReturnTo(wanted, policy)
  if (target !== undefined || typeof wanted !== 'string') return { returnTo: target ?? home, isLost: false }
  const path = safeReturnTo(wanted.replace(/[?#].*$/s, ''), policy)
  return { returnTo: path ?? home, isLost: path !== undefined }
}

/**
 * Stores a login that begins. A return target that is too long for its slot lies in the memory that processes share, if there
 * is one, else in a cookie of its own: the newest login's.
 *
 * @returns whether the whole return target is kept
 */
export async function storeLogin(
  rp: ReturnTargetParts,
  cookies: TransactionCookies,
  transaction: Transaction,
): Promise<boolean> {
  const { transactionSeal: seal } = rp
  if (!isTooLong(transaction, seal)) {
    storeTransaction(transaction, seal, cookies, { bytes: olderBytes(rp, cookies), isOlder: true })
    return true
  }
  const left = cut(transaction, seal)
  if (await saveInStore(rp, transaction)) {
    storeTransaction(left, seal, cookies, { bytes: olderBytes(rp, cookies), isOlder: true })
    return true
  }
  const bytes = storeInCookie(rp, cookies, transaction, left)
  storeTransaction(left, seal, cookies, { bytes, isOlder: false })
  return bytes > 0
}

/** Finds the return target of a login that is being finished, and forgets it. */
export async function recallTarget(
  rp: ReturnTargetParts,
  cookies: TransactionCookies,
  transaction: Transaction,
): Promise<ReturnTarget> {
  const { returnTo, isCut } = transaction
  if (isCut !== true) return { returnTo, isLost: false }
  const kept = recallFromCookie(rp, cookies, transaction) ?? (await recallFromStore(rp, transaction))
  return { returnTo: kept ?? returnTo, isLost: kept === undefined }
}

async function saveInStore(rp: ReturnTargetParts, transaction: Transaction): Promise<boolean> {
  const { sharedStore, targetQuota } = rp
  if (sharedStore === undefined || !targetQuota.take()) return false
  const sealed = sealTarget(rp, transaction)
  return sharedStore.set(storeName(rp, transaction), sealed, transactionSeconds * 1000).then(
    () => true,
    // The login goes on, and the browser holds what it can.
    () => false,
  )
}

async function recallFromStore(rp: ReturnTargetParts, transaction: Transaction): Promise<string | undefined> {
  const { sharedStore } = rp
  if (sharedStore === undefined) return undefined
  const name = storeName(rp, transaction)
  try {
    const [sealed] = await sharedStore.get([name])
    if (sealed !== undefined) sharedStore.remove(name).catch(() => undefined)
    return openTarget(rp, sealed, transaction)
  } catch {
    return undefined
  }
}

function storeInCookie(
  rp: ReturnTargetParts,
  cookies: TransactionCookies,
  transaction: Transaction,
  left: Transaction,
): number {
  const sealed = sealTarget(rp, transaction)
  const bytes = cookies.bytes(cookies.target, sealed)
  if (bytes > roomBeside(left, rp.transactionSeal, cookies)) return 0
  cookies.write(cookies.target, sealed)
  return bytes
}

function recallFromCookie(
  rp: ReturnTargetParts,
  cookies: TransactionCookies,
  transaction: Transaction,
): string | undefined {
  const target = openTarget(rp, cookies.read(cookies.target), transaction)
  if (target !== undefined) cookies.remove(cookies.target)
  return target
}

// That of an older login that is still there; what nobody can use any more goes.
function olderBytes({ targetSeal }: ReturnTargetParts, cookies: TransactionCookies): number {
  const sealed = cookies.read(cookies.target)
  const opened = sealed === undefined ? undefined : targetSeal.open(sealed)
  if (sealed === undefined || opened === undefined) return 0
  if (!opened.expired) return cookies.bytes(cookies.target, sealed)
  cookies.remove(cookies.target)
  return 0
}

// Compressed, apart from the name of its login: nobody else's text and no secret of ours lies beside it (RFC 8725 section 3.6).
function sealTarget({ targetSeal }: ReturnTargetParts, { state, startedAt, returnTo }: Transaction): string {
  const payload = { exp: Math.ceil(startedAt + transactionSeconds), k: stateKey(state) }
  return targetSeal.seal(payload, deflateRawSync(returnTo))
}

function openTarget(
  { targetSeal }: ReturnTargetParts,
  sealed: string | undefined,
  { state }: Transaction,
): string | undefined {
  const opened = sealed === undefined ? undefined : targetSeal.open(sealed)
  if (opened?.attachment === undefined || opened.payload['k'] !== stateKey(state)) return undefined
  return inflateRawSync(opened.attachment, { maxOutputLength: maxInflated }).toString()
}

function storeName({ configuration: { issuer, clientId } }: ReturnTargetParts, { state }: Transaction): string {
  return `target:${hash('sha256', JSON.stringify([issuer, clientId, state]), 'base64url')}`
}
