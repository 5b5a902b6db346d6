/** A Markdown table; the first column to the left, numbers to the right. */
export function table(columns, rows) {
  const cells = [columns, columns.map((_, i) => (i === 0 ? '---' : '--:')), ...rows]
  return cells.map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** Three significant digits. */
export function number(value) {
  if (value === undefined || Number.isNaN(value)) return '-'
  if (value >= 100) return String(Math.round(value))
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** A share as a percentage. */
export function percent(share) {
  return `${Number((share * 100).toFixed(1))} %`
}

/** Two numbers as a range. */
export function range([from, to]) {
  return `${number(from)} - ${number(to)}`
}

/** A heading and what stands under it. */
export function section(title, ...parts) {
  console.log(`\n## ${title}\n\n${parts.join('\n\n')}`)
}

/** What happens now, to the person who waits; not part of the report. */
export function progress(text) {
  process.stderr.write(`${text}\n`)
}

/**
 * A target and whether it was reached.
 *
 * @param isAtMost - whether less is better
 */
export function target(what, value, goal, isAtMost) {
  if (value === undefined) return { what, seen: 'not measured', goal, verdict: 'absent' }
  const isReached = isAtMost ? value <= goal : value >= goal
  return {
    what,
    seen: number(value),
    goal: `${isAtMost ? '<=' : '>='} ${goal}`,
    verdict: isReached ? 'reached' : 'missed',
  }
}

/**
 * Prints targets, each with its verdict: `reached`, `missed`, `noisy` (the null comparison was off, so nothing is said) or `absent`.
 *
 * @returns the targets
 */
export function reportTargets(targets) {
  const words = { reached: 'yes', missed: '**no**', absent: '-' }
  const rows = targets.map(({ what, seen, range = '', goal, verdict, why }) => [
    what,
    goal,
    seen,
    range,
    words[verdict] ?? why,
  ])
  section('Targets', table(['target', 'goal', 'seen', '95 %', 'reached'], rows))
  return targets
}
