/** @type {Readonly<Record<string, string>>} */
const reasons = {
  everywhere: 'You have signed out everywhere: the provider has ended all of your sessions and told this app.',
  session_missing:
    'Your session was ended elsewhere: in another window, from the list of your sessions, by “Sign out everywhere”, or by a security event.',
  session_expired: 'Your session has reached its end by itself.',
}

/**
 * Why a page has brought its reader home, as its address says. Only sentences of our own: anybody can make a link.
 *
 * @param {Readonly<Record<string, unknown>>} query
 * @returns {{ text: string, after?: string } | undefined}
 */
export function endedView({ ended, after }) {
  const text = typeof ended === 'string' && Object.hasOwn(reasons, ended) ? reasons[ended] : undefined
  if (text === undefined) return undefined
  return typeof after === 'string' && /^\d{1,6}$/.test(after) ? { text, after } : { text }
}
