// Fuzzing: `npm run fuzz -- cookies --seconds 60` reads random texts with each parser, and keeps those that are new in test/fuzz/corpus.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const parsers = readdirSync(new URL('../../test/fuzz/corpus/', import.meta.url)).map((file) =>
  file.replace('.json', ''),
)
const usage = `npm run fuzz -- [parser…] [--seconds 60]

Makes texts at random, also from those of test/fuzz/corpus, for so many seconds each, and has them read by what reads text from strangers. Each promise
of a parser is checked. A text with a new outcome is added to the corpus, as is the smallest text that breaks a promise: then it ends with 1.
"npm test" tries each text of the corpus, and 200 others.

Parsers: ${parsers.join(', ')}`

const { names, seconds, problem } = read()
if (problem !== undefined) {
  console.error(`${problem}\n\n${usage}`)
  process.exitCode = 2
} else if (names === undefined) console.log(usage)
else process.exitCode = names.map(fuzz).some((status) => status !== 0) ? 1 : 0

function read() {
  try {
    const options = { seconds: { type: 'string', default: '60' }, help: { type: 'boolean', short: 'h' } }
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    if (values.help) return {}
    const unknown = positionals.find((name) => !parsers.includes(name))
    if (unknown !== undefined) return { problem: `there is no parser ${unknown}` }
    const seconds = Number(values.seconds)
    if (!Number.isInteger(seconds) || seconds < 1) return { problem: '--seconds must be a whole number from 1' }
    return { names: positionals.length === 0 ? parsers : positionals, seconds }
  } catch (error) {
    return { problem: error.message }
  }
}

function fuzz(name) {
  const flags = '--experimental-vm-modules --disable-warning=ExperimentalWarning'
  const env = { ...process.env, NODE_OPTIONS: flags, FUZZ_PARSER: name, FUZZ_SECONDS: String(seconds) }
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js')
  const { status, error } = spawnSync(process.execPath, [jest, 'test/fuzz', '--coverage=false'], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  if (error !== undefined) throw error
  return status
}
