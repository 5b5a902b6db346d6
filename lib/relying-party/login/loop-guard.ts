import type { RelyingPartyWith } from '../relying-party.js'
import { maxTransactions } from './transaction/stored-transactions.js'
import { type FoundTransaction, stateKey } from './transaction/transaction.js'

/**
 * Tells a circle of logins from many honest ones: the callback counts logins that succeed although the one before left
 * no session behind, which happens when the browser does not keep the session cookie.
 */

/** How long the count is kept, in seconds. */
export const loopWindowSeconds = 60

const maxLogins = 3

/** The counter's next value, for a login that found no session of the one before. */
export function countLogin(counter: string | undefined, nowSeconds: number): string {
  const { count, since } = parse(counter, nowSeconds)
  return `${count + 1}.${since}`
}

/** Whether one more login would only continue the circle. */
export function isLooping(counter: string | undefined, nowSeconds: number): boolean {
  return parse(counter, nowSeconds).count >= maxLogins
}

/**
 * Whether logins come back again and again without a trace in the browser, as where a proxy takes the cookies off the
 * callback's answers: their transactions are still there although this process has finished them, or all that may be under
 * way began within a minute for one and the same page.
 */
export function isReturningUnseen(
  { logins, runtime }: RelyingPartyWith<'logins' | 'runtime'>,
  transactions: readonly FoundTransaction[],
  returnTo: string | undefined,
): boolean {
  const since = runtime.now() / 1000 - loopWindowSeconds
  const recent = transactions.filter(({ transaction }) => transaction.startedAt > since)
  if (recent.length < maxLogins) return false
  const finished = recent.filter(({ transaction }) => logins.get(stateKey(transaction.state))?.state === 'succeeded')
  const alike = recent.filter(({ transaction }) => transaction.returnTo === returnTo)
  return finished.length >= maxLogins || alike.length >= maxTransactions
}

function parse(counter: string | undefined, nowSeconds: number): { readonly count: number; readonly since: number } {
  const match = /^(\d{1,3})\.(\d{1,12})$/.exec(counter ?? '')
  const since = Number(match?.[2])
  const current = match !== null && nowSeconds - since < loopWindowSeconds && since <= nowSeconds
  return current ? { count: Number(match[1]), since } : { count: 0, since: nowSeconds }
}
