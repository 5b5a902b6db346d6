/** What may stand behind `npm run demo --`, and what it does. */
export const knownOptions = Object.freeze({
  '--redis': 'two processes behind a proxy, on a redis-server of its own',
  '--help': 'prints this',
})

/**
 * Reads the command line. It needs nothing that would have to be installed first.
 *
 * @param {readonly string[]} given
 * @returns {{ redis: boolean, help: boolean, problem?: string }} `problem` in one line, where there is one.
 */
export function readArguments(given) {
  const help = given.includes('--help') || given.includes('-h')
  const redis = given.includes('--redis')
  const stray = given.find((argument) => argument !== '-h' && !Object.hasOwn(knownOptions, argument))
  if (help || stray === undefined) return { redis, help }
  const problem = `there is not an option "${stray}": the options are ${list(Object.keys(knownOptions))}`
  return { redis, help, problem }
}

/** @param {readonly string[]} names */
function list(names) {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
