/**
 * Calls of an API as lines for the page; token and response are those of the last one.
 *
 * @param {readonly import('../api/call-api.js').ApiAnswer[]} answers
 * @returns {import('./types.js').Answer}
 */
export function linesOf(answers) {
  const lines = answers.map(({ call, path, status, code }) => ({
    what: `${call.method} ${path}`,
    status,
    isOpen: status < 400,
    said: code === '' ? call.why : `${call.why}: ${code}`,
  }))
  const { facts = [], headers = '', body = '' } = answers.at(-1) ?? {}
  return { lines, facts, response: { headers, body } }
}
