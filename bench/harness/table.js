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
  if (value === undefined) return { what, seen: 'not measured', goal, isReached: undefined }
  const isReached = isAtMost ? value <= goal : value >= goal
  return { what, seen: number(value), goal: `${isAtMost ? '<=' : '>='} ${goal}`, isReached }
}

/** Prints targets; true when none is missed. */
export function reportTargets(targets) {
  const words = { true: 'yes', false: '**no**', undefined: '-' }
  const rows = targets.map(({ what, seen, goal, isReached }) => [what, goal, seen, words[isReached]])
  section('Targets', table(['target', 'goal', 'seen', 'reached'], rows))
  return targets.every(({ isReached }) => isReached !== false)
}
