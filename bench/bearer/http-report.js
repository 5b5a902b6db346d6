import { medians, ratio } from '../harness/rounds.js'
import { number, section, table, target } from '../harness/table.js'
import { reference, titles } from './reference.js'

/** The route without protection. */
export const bare = 'unprotected route (limit)'
/** The peer that most people use. */
export const auth0 = 'express-oauth2-jwt-bearer'

/** Prints one scenario. */
export function httpReport(alg, scenario, results, refused) {
  const { turnsOf, bestPeer } = reference(results)
  const times = (turns, others, unit) => (others === undefined ? '-' : number(ratio(turns, others, unit)))
  const rows = results.map(({ name, turns }) => {
    const { rate, p50, p99, cpu } = medians(turns)
    const compared = ['rate', 'perCpuSecond'].flatMap((unit) => [
      times(turns, turnsOf(bare), unit),
      times(turns, bestPeer?.turns, unit),
      times(turns, turnsOf(auth0), unit),
    ])
    return [name, number(rate), `${p50} / ${p99}`, number(cpu), ...compared]
  })
  rows.sort((a, b) => a[3] - b[3])
  const busy = Math.max(...results.map(({ turns }) => medians(turns).busy))
  const note = `The load generator used at most ${Math.round(busy * 100)} % of its core.`
  section(`Over HTTP, ${alg}, ${titles[scenario]}`, table(columns, rows), [note, ...refused].join('\n'))
}

const columns = [
  '',
  'requests/s',
  'p50 / p99 ms',
  'CPU us',
  'x unprotected',
  'x best peer',
  'x EOJB',
  'by CPU: x unprotected',
  'x best peer',
  'x EOJB',
]

/**
 * The targets of one scenario: by requests per second, and by requests per second of CPU. The two are one where nobody else
 * uses the machine.
 */
export function httpTargets(scenario, results) {
  const { turnsOf } = reference(results)
  const own = turnsOf('express-oidc')
  if (own === undefined) return []
  const goals = {
    unseen: [['never seen', auth0, 1.2]],
    thousand: [
      ['1000 in turn', bare, 0.92],
      ['1000 in turn', auth0, 1.8],
    ],
    single: [],
  }
  return goals[scenario].flatMap(([what, name, goal]) => {
    const times = (unit) => turnsOf(name) && ratio(own, turnsOf(name), unit)
    return [
      target(`over HTTP, ${what}: times ${name}, requests`, times('rate'), goal, false),
      target(`over HTTP, ${what}: times ${name}, requests per CPU second`, times('perCpuSecond'), goal, false),
    ]
  })
}
