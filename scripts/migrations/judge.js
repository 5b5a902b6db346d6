/** Rows of the table below "What behaves differently" in a guide: a step, what each side does, and why. */
export function declaredIn(guide) {
  const [, section = ''] = guide.split(/^## What behaves differently$/m)
  const [own] = section.split(/^## /m)
  const rows = own.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) => {
    const [step = '', before = '', after = '', why = ''] = row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'))
    return { step, before, after, why }
  })
}

/**
 * Compares what both sides did at each step with what the guide says. A step that is not in the guide's table has to be the same on both sides.
 * Returns lines to print, and whether all is as the guide says.
 */
export function judge(results, declared) {
  const said = new Map(declared.map((row) => [row.step, row]))
  const lines = results.flatMap((result) => linesOf(result, said.get(result.step)))
  const steps = new Set(results.map(({ step }) => step))
  const unknown = declared
    .filter(({ step }) => !steps.has(step))
    .map(({ step }) => `WRONG    no step is called: ${step}`)
  return { lines: [...lines, ...unknown], isRight: ![...lines, ...unknown].some((line) => line.startsWith('WRONG')) }
}

function linesOf({ step, before, after }, row) {
  const both = [`         before: ${before}`, `         after:  ${after}`]
  if (`${before} ${after}`.includes('broken: ')) return [`WRONG    ${step}: it could not be taken`, ...both]
  if (row === undefined) {
    return before === after
      ? [`same     ${step}: ${after}`]
      : [`WRONG    ${step}: the guide does not name this difference`, ...both]
  }
  if (row.why === '') return [`WRONG    ${step}: the guide gives no reason`, ...both]
  if (row.before !== before || row.after !== after) {
    return [`WRONG    ${step}: the guide says otherwise (${row.before}; ${row.after})`, ...both]
  }
  return [`differs  ${step}`, ...both, `         why:    ${row.why}`]
}
