import type { ApplicationWith } from '../relying-party.js'
import { maxTransactions } from './transaction/stored-transactions.js'
import { type FoundTransaction, stateKey } from './transaction/transaction.js'

/**
 * Detects login loops: the callback counts successful logins whose predecessor left no session. That happens if the
 * browser does not keep the session cookie.
 */

/** How long the count is kept, in seconds. */
export const loopWindowSeconds = 60

const maxLogins = 3

/** The counter's next value, after a login whose predecessor left no session. */
export function countLogin(counter: string | undefined, nowSeconds: number): string {
  const { count, since } = parse(counter, nowSeconds)
  return `${count + 1}.${since}`
}

/** Whether another login would only continue the loop. */
export function isLooping(counter: string | undefined, nowSeconds: number): boolean {
  return parse(counter, nowSeconds).count >= maxLogins
}

/**
 * Whether logins finish again and again without leaving cookies, for example because a proxy removes cookies from the
 * callback's responses. Either their transactions are still in the browser although this process has finished them, or
 * the maximum number of transactions began within a minute for the same page.
 */
export function isReturningUnseen(
  { logins, runtime }: ApplicationWith<'logins' | 'runtime'>,
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
