import { differences, median, medians, middleHalf, ratio, ratios } from '../harness/rounds.js'
import { number, range, section, table, target } from '../harness/table.js'
import { bare as bareRoute, unread } from './peers.js'

/** The route without a session. */
export const bare = bareRoute.name
/** The route that gets the cookie of express-oidc and does not look at it. */
export const cookieOfOurs = unread.name

const own = 'express-oidc'
const peer = 'express-openid-connect'

/** Prints what each request took. */
export function sessionReport(results, notes) {
  const turnsOf = (name) => results.find((result) => result.name === name)?.turns
  const rows = [...results]
    .sort((a, b) => medians(a.turns).cpu - medians(b.turns).cpu)
    .map(({ name, turns, cookie = '', setCookieBytes = 0 }) => {
      const { cpu, rate } = medians(turns)
      const over = differences(turns, turnsOf(bare), 'cpu')
      const times = turnsOf(peer) && ratios(turns, turnsOf(peer), 'cpu')
      const share = times === undefined ? ['-', '-'] : [number(median(times)), range(middleHalf(times))]
      const more = name === bare ? ['-', '-'] : [number(median(over)), range(middleHalf(over))]
      return [name, number(cpu), ...more, ...share, number(rate), cookie.length, setCookieBytes]
    })
  section('Session read, over HTTP', table(columns, rows), notes.join('\n'))
}

const columns = [
  '',
  'CPU us',
  'over bare',
  'middle half',
  `x ${peer}`,
  'middle half',
  'requests/s',
  'Cookie bytes',
  'Set-Cookie bytes',
]

/** What express-oidc has to reach. */
export function sessionTargets(results) {
  const find = (name) => results.find((result) => result.name === name)
  const [ours, route, other] = [find(own), find(bare), find(peer)]
  if (ours === undefined) return [target('session read', undefined, 'measured', true)]
  const bytes = results.filter(({ kind }) => kind === 'ours').map(({ setCookieBytes }) => setCookieBytes)
  return [
    target('us of CPU over the bare route', median(differences(ours.turns, route.turns, 'cpu')), 25, true),
    target(`CPU of a request, times that of ${peer}`, other && ratio(ours.turns, other.turns, 'cpu'), 0.333, true),
    target('bytes of Set-Cookie when nothing is due', Math.max(...bytes), 0, true),
  ]
}
