/**
 * Records a request of a browser that the demo plays, and the answer, and makes a line of both for the page.
 *
 * @param {import('./types.js').Tour} tour
 * @param {{ what: string, why?: string, request: string, carried?: [string, string][], status: number, said: string, isOpen?: boolean }} event
 *   `what`: who does what. `isOpen`: default whether the status is below 400.
 * @returns {import('./types.js').Line}
 */
export function tell({ timeline }, { what, why = '', request, carried = [], status, said, isOpen = status < 400 }) {
  timeline.add({ from: 'other', to: 'app', what: request, title: what, why, carried })
  const title = isOpen ? 'The app lets it in' : 'The app refuses'
  timeline.add({ from: 'app', to: 'other', what: String(status), title, why: said, carried: [], failed: !isOpen })
  return { what, status, said, isOpen }
}
