import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { storeName } from '../../../base/store/store-name.js'
import { safeReturnTo } from '../../../http/return-to.js'
import type { BaseUrl } from '../../base-url.js'
import type { RelyingPartyWith } from '../../relying-party.js'
import { withCutTarget, isTooLong, roomBeside, storeTransaction } from './stored-transactions.js'
import { stateKey, type Transaction, type TransactionCookies, transactionSeconds } from './transaction.js'

/** The parts of a relying party that keep return targets while logins are under way. */
export type ReturnTargetParts = RelyingPartyWith<
  'configuration' | 'key' | 'sessionProvider' | 'transactionSeal' | 'targetSeal' | 'targetQuota' | 'sharedStore'
>

// Longer than any return target, the only content that is sealed here.
const maxInflated = 8192
const formatVersion = 1

/** A return target, possibly shortened. */
interface ReturnTarget {
  readonly returnTo: string
  /** Whether it is shorter than requested: only the path is left, or nothing. */
  readonly isLost: boolean
}

/**
 * Checks a return target. One longer than 2,048 characters loses its query. An unsafe one is ignored, which does not
 * count as lost.
 */
export function wantedTarget(wanted: string | undefined, { returnTo: policy, home }: BaseUrl): ReturnTarget {
  const target = safeReturnTo(wanted, policy)
  if (target !== undefined || typeof wanted !== 'string') return { returnTo: target ?? home, isLost: false }
  const path = safeReturnTo(wanted.replace(/[?#].*$/s, ''), policy)
  return { returnTo: path ?? home, isLost: path !== undefined }
}

/**
 * Stores a new login's transaction. A return target that is too long for the slot goes to the shared store, if there is
 * one; otherwise to a separate cookie, which only the newest login has.
 *
 * @returns whether the return target was stored as a whole
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
  const left = withCutTarget(transaction, seal)
  if (await saveInStore(rp, transaction)) {
    storeTransaction(left, seal, cookies, { bytes: olderBytes(rp, cookies), isOlder: true })
    return true
  }
  const bytes = storeInCookie(rp, cookies, transaction, left)
  storeTransaction(left, seal, cookies, { bytes, isOlder: false })
  return bytes > 0
}

/** Reads and removes the return target of a login that is being finished. */
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
  return sharedStore.set(nameInStore(rp, transaction), sealed, transactionSeconds * 1000).then(
    () => true,
    // A failure does not stop the login: the cookie is used instead.
    () => false,
  )
}

async function recallFromStore(rp: ReturnTargetParts, transaction: Transaction): Promise<string | undefined> {
  const { sharedStore } = rp
  if (sharedStore === undefined) return undefined
  const name = nameInStore(rp, transaction)
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
  const bytes = cookies.bytes(cookies.target, sealed.length)
  if (bytes > roomBeside(left, rp.transactionSeal, cookies)) return 0
  cookies.write(cookies.target, sealed, transaction.isPosted)
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

// The size of an older login's cookie, if it is still valid; an expired one is removed.
function olderBytes({ targetSeal }: ReturnTargetParts, cookies: TransactionCookies): number {
  const sealed = cookies.read(cookies.target)
  const opened = sealed === undefined ? undefined : targetSeal.open(sealed)
  if (sealed === undefined || opened === undefined) return 0
  if (!opened.expired) return cookies.bytes(cookies.target, sealed.length)
  cookies.remove(cookies.target)
  return 0
}

// Compressed on its own: neither foreign text nor a secret is compressed with it (RFC 8725 section 3.6).
function sealTarget({ targetSeal }: ReturnTargetParts, { state, startedAt, returnTo }: Transaction): string {
  const payload = { v: formatVersion, exp: Math.ceil(startedAt + transactionSeconds), k: stateKey(state) }
  return targetSeal.seal(payload, deflateRawSync(returnTo))
}

function openTarget(
  { targetSeal }: ReturnTargetParts,
  sealed: string | undefined,
  { state }: Transaction,
): string | undefined {
  const opened = sealed === undefined ? undefined : targetSeal.open(sealed)
  if (opened?.attachment === undefined || opened.payload['v'] !== formatVersion) return undefined
  if (opened.payload['k'] !== stateKey(state)) return undefined
  return inflateRawSync(opened.attachment, { maxOutputLength: maxInflated }).toString()
}

function nameInStore({ key }: ReturnTargetParts, { state }: Transaction): string {
  return storeName('target', [...key, state])
}
