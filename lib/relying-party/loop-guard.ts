/**
 * Tells a circle of logins from many honest ones: the callback counts logins that succeed although the one before left
 * no session behind, which happens when the browser does not keep the session cookie.
 */

/** How long the count is kept, in seconds. */
export const loopWindowSeconds = 60

const mostLogins = 3

/** The counter's next value, for a login that found no session of the one before. */
export function countLogin(counter: string | undefined, nowSeconds: number): string {
  const { count, since } = parse(counter, nowSeconds)
  return `${count + 1}.${since}`
}

/** Whether one more login would only continue the circle. */
export function isLooping(counter: string | undefined, nowSeconds: number): boolean {
  return parse(counter, nowSeconds).count >= mostLogins
}

function parse(counter: string | undefined, nowSeconds: number): { readonly count: number; readonly since: number } {
  const match = /^(\d{1,3})\.(\d{1,12})$/.exec(counter ?? '')
  const since = Number(match?.[2])
  const current = match !== null && nowSeconds - since < loopWindowSeconds && since <= nowSeconds
  return current ? { count: Number(match[1]), since } : { count: 0, since: nowSeconds }
}
