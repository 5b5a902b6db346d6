// Starts the example application from a fresh clone: installs what is missing, builds what is stale, runs the rest.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArguments } from '../example-app/start/arguments.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const main = join(root, 'example-app', 'main.js')

// Before anything is installed: help and mistyped arguments are answered at once.
const { help, problem } = readArguments(process.argv.slice(2))
if (!help && problem === undefined) prepare()
runExample()

/** Installs and builds what is missing. */
function prepare() {
  if (!existsSync(join(root, 'node_modules', '.package-lock.json')))
    npm('ci', '--include=dev', '--no-audit', '--no-fund')
  if (newest(join(root, 'lib')) > newest(join(root, 'dist'))) npm('run', 'build')
}

/** Runs npm in the project and stops here when it fails; its words go to stderr, the demo's own to stdout. */
function npm(...args) {
  console.error(`demo: npm ${args.join(' ')}`)
  // npm passes its own path to child processes; with a bare `node scripts/demo.js` it is found on the PATH.
  const own = process.env.npm_execpath
  const [command, ...first] = own?.endsWith('.js') ? [process.execPath, own] : ['npm']
  const options = {
    cwd: root,
    stdio: ['ignore', process.stderr, 'inherit'],
    shell: process.platform === 'win32' && !own,
  }
  const { status, error } = spawnSync(command, [...first, ...args], options)
  if (error) console.error(`demo: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

/** The time of the youngest file under a folder, in milliseconds; 0 where there is none. */
function newest(folder) {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Math.max(0, ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs))
}

/** Runs the example with our arguments; signals reach it, and its way to end becomes ours. */
function runExample() {
  const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
