// Mutation testing: `npm run mutation -- seal` changes lib/seal in small ways and runs test/seal against each change.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { judge, scoreOf } from './score.js'

const own = dirname(fileURLToPath(import.meta.url))
const root = join(own, '..', '..')
const folders = readdirSync(join(root, 'lib'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, 'test', entry.name)))
  .map(({ name }) => name)

const usage = `npm run mutation -- <folder…>

Changes each folder of lib in small ways, one at a time, and runs the tests of the folder of the same name. Prints what no test noticed and the score
of each folder, and ends with 1 where a folder with a threshold is below it. Results are kept in .stryker: a second run tries only what has changed. The scores are
written into scripts/mutation/scores.json.
MUTATION_CONCURRENCY is the number of changes tried at once (1).

Folders: ${folders.join(', ')}`

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !folders.includes(name))
if (wanted.length === 0 || unknown !== undefined) {
  console.error(unknown === undefined ? usage : `lib has no folder ${unknown} with tests\n\n${usage}`)
  process.exit(2)
}
if (!existsSync(join(own, 'node_modules'))) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], own, {})

const scores = wanted.map((folder) => {
  const stryker = join(own, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
  run(process.execPath, [stryker, 'run', join(own, 'stryker.config.js')], root, { MUTATED_FOLDER: folder })
  const report = JSON.parse(readFileSync(join(root, '.stryker', 'reports', `${folder}.json`), 'utf8'))
  return { folder, ...scoreOf(report) }
})
const { lines, isBelow } = judge(scores)
console.log(lines.join('\n'))
keep()
if (isBelow) process.exitCode = 1

// Beside the script, so that a score that falls is seen in a review.
function keep() {
  const file = join(own, 'scores.json')
  const known = JSON.parse(readFileSync(file, 'utf8'))
  for (const { folder, noticed, all } of scores) known[folder] = { noticed, all }
  writeFileSync(file, `${JSON.stringify(known, Object.keys(known).sort().concat('noticed', 'all'), 2)}\n`)
}

function run(program, args, cwd, variables) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit', env: { ...process.env, ...variables } })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
}
