const begin = '<!-- Written by npm run providers -- --write. -->'
const end = '<!-- End of what it writes. -->'

/** A table with the result of each step for each provider; failures are listed below it, with what is known about them. */
export function tableOf(steps, columns) {
  const notes = []
  const cell = ({ name, results, remarks = {} }, index) => {
    const result = results[index]
    if (!result.startsWith('no')) return result
    const remark = remarks[index + 1]
    notes.push(
      `- ${name}, ${index + 1}: ${result.slice(4).trim()}${remark === undefined ? '' : `. The reason: ${remark}`}`,
    )
    return 'no'
  }
  const head = ['', 'step', ...columns.map(({ name }) => name)]
  const rows = steps.map((step, index) => [index + 1, step, ...columns.map((column) => cell(column, index))])
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  return [...lines, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n')
}

/** A page with the table between its two marks. */
export function withTable(page, table) {
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error(`the page has no place for the table: ${begin} … ${end}`)
  return `${before}${begin}\n\n${table}\n\n${end}${after}`
}
