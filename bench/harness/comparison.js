import { estimate, interleaved, middleMean, middleMeans, ratios, shuffled } from './rounds.js'
import { number, percent, progress, section, table } from './table.js'

/** How far from 1 the null comparison may lie, with its whole confidence interval, so that ratios are judged. */
export const allowed = 0.03

/** The fewest sets of processes and the most: with `--strict`, as many as it took on a quiet machine to agree within 3 %. */
export function setsOf({ quick, strict }, fewest = 4) {
  if (quick) return [2, 2]
  return [fewest, strict ? 40 : 12]
}

/** The name under which express-oidc takes part a second time: the null comparison. */
export const again = 'express-oidc, once more (null)'

/**
 * Compares contenders, each in a process of its own. A set of processes, all new, takes `rounds` turns in interleaved rounds. Sets are
 * repeated until the null comparison lies within 3 % with a confidence of 95 %, or there are as many as allowed.
 *
 * @param contenders - each with `name`; what is called `own` takes part twice
 * @param plan - `rounds`, `sets`: the fewest and the most, and `warmUps`. Many short rounds are better than a few long ones: the less time
 *   lies between neighbours, the less of a machine's changes of speed is in their ratio
 * @param open - starts one: `{ warmUp(), measure(round), close() }`; `measure` gives numbers by name. `warmUp`, which may be absent, is called
 *   `plan.warmUps` times before, in rounds as well: a process that was idle while others were started stayed slow
 * @param unit - the number that the null comparison is about
 */
export async function compare({ title, contenders, own = 'express-oidc', plan, open, unit = 'cpu' }) {
  const list = [...contenders, { ...contenders.find(({ name }) => name === own), name: again, isNull: true }]
  const sets = new Map(list.map(({ name }) => [name, []]))
  const [fewest, most] = plan.sets
  const comparison = { title, unit, own, names: list.map(({ name }) => name), sets, allowed: plan.allowed ?? allowed }
  for (let done = 1; done <= most; done++) {
    const soFar = done > 2 ? `, null comparison ${interval(nullOf(comparison))} so far` : ''
    progress(`${title}: set ${done} of ${fewest} to ${most}${soFar}`)
    for (const [{ name }, turns] of await oneSet(list, plan, open)) sets.get(name).push(turns)
    if (done >= fewest && isTrusted(comparison)) break
  }
  return comparison
}

async function oneSet(list, { rounds, warmUps = 0 }, open) {
  const opened = new Map()
  try {
    for (const contender of shuffled(list)) opened.set(contender, await open(contender))
    await interleaved(list, warmUps, (contender) => opened.get(contender).warmUp?.())
    return await interleaved(list, rounds, (contender, round) => opened.get(contender).measure(round))
  } finally {
    for (const { close } of opened.values()) close()
  }
}

/** How many times the number of one contender is that of another: one ratio of each set, in which neighbours in time are compared. */
export function times({ sets }, of, to, unit) {
  const [own, other] = [sets.get(of), sets.get(to)]
  return own && other && estimate(own.map((turns, set) => middleRatio(turns, other[set], unit)))
}

// Of logarithms: then it is the reciprocal of what the other way round gives.
function middleRatio(turns, others, unit) {
  return Math.exp(middleMean(ratios(turns, others, unit).map(Math.log)))
}

/** The same of what each takes more than a third one, `base`. */
export function timesOver({ sets }, of, to, base, unit) {
  const [own, other, bare] = [of, to, base].map((name) => sets.get(name))
  const over = (turns, set) => Math.max(middleMean(turns.map((turn, i) => turn[unit] - bare[set][i][unit])), 0.01)
  return own && other && bare && estimate(own.map((turns, set) => over(turns, set) / over(other[set], set)))
}

/** The null comparison: what two processes of the same contender differ by. */
export function nullOf(comparison) {
  return times(comparison, again, comparison.own, comparison.unit)
}

/** How far the null comparison is off, at the worse end of its interval. */
export function nullError(comparison) {
  const { low, high } = nullOf(comparison)
  return Math.max(high - 1, 1 - low)
}

/** Whether ratios of this comparison are judged. */
export function isTrusted(comparison) {
  return nullError(comparison) <= comparison.allowed
}

/** The middle means of all turns of a contender. */
export function typical({ sets }, name) {
  return middleMeans(sets.get(name).flat())
}

/**
 * Prints one table: a row for each contender, the cheapest first, and the null comparison below.
 *
 * @param columns - `[heading, (numbers, name) => cell]`
 */
export function reportComparison(comparison, columns, ...notes) {
  const { title, names, own, unit, sets } = comparison
  const rows = names
    .map((name) => ({ name, seen: typical(comparison, name) }))
    .sort((a, b) => a.seen[unit] - b.seen[unit])
    .map(({ name, seen }) => {
      const ratio = times(comparison, name, own, unit)
      const cells = columns.map(([, cell]) => cell(seen, name))
      return [name, ...cells, number(ratio.value), interval(ratio)]
    })
  const headings = ['', ...columns.map(([heading]) => heading), `x ${own}`, '95 %']
  const count = sets.get(own).length
  section(title, table(headings, rows), [nullLine(comparison, count), ...notes].join('\n'))
}

function nullLine(comparison, count) {
  const ratio = nullOf(comparison)
  const rounds = comparison.sets.get(comparison.own)[0].length
  const verdict = isTrusted(comparison) ? 'within' : 'not within'
  return `${count} sets of processes, ${rounds} rounds each. Null comparison: ${number(ratio.value)} (${interval(ratio)}), ${verdict} ${percent(comparison.allowed)}.`
}

/** The interval of an estimate. */
export function interval({ low, high }) {
  return high === Infinity ? '-' : `${low.toFixed(2)} - ${high.toFixed(2)}`
}
