// Everything that `npm run check` looks at, or the parts that are named, as many at a time as there are cores, the longest first. The
// package is built once and packed once. A cache is kept where a file's result depends on that file alone.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const cache = 'node_modules/.cache'
const packed = mkdtempSync(join(tmpdir(), 'express-oidc-check-'))
const tarball = join(packed, `${name}-${version}.tgz`)
// The native compiler takes a third of the time. Both packages have a `tsc`, so which of them is on the PATH is chance.
const types = (project) => `node node_modules/typescript-7/bin/tsc -p ${project}`

/** Names of the parts, and their commands, one after the other. */
const parts = {
  lint: ['eslint --max-warnings 0 .'],
  package: [
    'node scripts/build/build.js',
    `npm pack --ignore-scripts --silent --pack-destination "${packed}"`,
    `attw "${tarball}"`,
    `publint run "${tarball}" --strict`,
    'node scripts/api/report.js --check',
  ],
  types: [types('tsconfig.json'), types('lib/browser/tsconfig.json'), types('example-app/tsconfig.json')],
  format: [`prettier --check --cache --cache-strategy content --cache-location ${cache}/prettier/check .`],
  layers: ['jest --coverage=false test/layers.test.ts test/style.test.ts'],
}

const env = {
  ...process.env,
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  // A larger young generation spares the linter a sixth of its time.
  NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning --max-semi-space-size=64',
}
const named = process.argv.slice(2)
const waiting = Object.entries(parts).filter(([part]) => named.length === 0 || named.includes(part))
const failed = []

await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, work))
rmSync(packed, { recursive: true, force: true })
console.log(failed.length === 0 ? `All is well after ${seconds(0)} s.` : `Not well: ${failed.join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1

/** Does one part after the other until none waits. */
async function work() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [part, commands] = next
    const began = performance.now()
    const { isFine, output } = await runAll(commands)
    console.log(`${isFine ? 'ok    ' : 'FAILED'} ${part.padEnd(8)} ${seconds(began).padStart(5)} s`)
    if (isFine) continue
    failed.push(part)
    console.error(output)
  }
}

async function runAll(commands) {
  let output = ''
  for (const command of commands) {
    const began = performance.now()
    const result = await run(command)
    output += `$ ${command}\n${result.output}`
    if (process.env.CHECK_TIMES) console.log(`       ${seconds(began)} s  ${command}`)
    if (result.code !== 0) return { isFine: false, output }
  }
  return { isFine: true, output }
}

function run(command) {
  const child = spawn(command, { cwd: root, env, shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

function seconds(began) {
  return ((performance.now() - began) / 1000).toFixed(1)
}
