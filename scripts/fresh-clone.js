// What programs of a fresh clone need before they can run: installed packages, and a build of the sources as they are.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { partOfLock } from './few-packages.js'

/** Folder of the project. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const quietly = ['--no-audit', '--no-fund', '--loglevel=error']

/**
 * Installs and builds what is missing, and stops here when that fails.
 *
 * @param program - name that its messages begin with; they go to stderr, since stdout is the program's own
 * @param needs - `folders`: further ones with packages of their own. `packages`: those that are enough for the program, beside the
 *   dependencies of the project. Default: everything that development needs
 */
export function prepare(program, { folders = [], packages } = {}) {
  const npm = (cwd, ...args) => run(program, cwd, ...npmCommand(args))
  const isInstalled = (folder) => existsSync(join(folder, 'node_modules', '.package-lock.json'))
  const hasEverything = () => existsSync(join(modules, 'typescript'))
  if (packages !== undefined && !isInstalled(root)) installFew(npm, packages)
  if (packages === undefined && !hasEverything()) npm(root, 'ci', '--include=dev', ...quietly)
  for (const folder of folders.map((name) => join(root, name))) {
    if (!isInstalled(folder)) npm(folder, 'ci', '--include=dev', ...quietly)
  }
  if (newest(join(root, 'lib')) <= newest(join(root, 'dist'))) return
  // Without TypeScript there are no declarations: the modules are enough for a program.
  if (hasEverything()) npm(root, 'run', 'build')
  else run(program, root, process.execPath, ['scripts/build/build.js', '--modules'])
}

/** Installs a few packages of the lock file. `npm ci` replaces them later by everything. */
function installFew(npm, packages) {
  const folder = join(root, '.few-packages')
  const { dependencies } = readJson('package.json')
  const { manifest, lock } = partOfLock(readJson('package-lock.json'), [...Object.keys(dependencies), ...packages])
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock))
  npm(folder, 'ci', '--ignore-scripts', ...quietly)
  rmSync(modules, { recursive: true, force: true })
  renameSync(join(folder, 'node_modules'), modules)
  rmSync(folder, { recursive: true, force: true })
}

function readJson(name) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'))
}

/** Runs a program of the project with our arguments; signals reach it, and its way to end becomes ours. */
export function runProgram(file) {
  const child = spawn(process.execPath, [file, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

/** npm passes its own path to child processes; without that it is found on the PATH. */
function npmCommand(args) {
  const own = process.env.npm_execpath
  return own?.endsWith('.js') ? [process.execPath, [own, ...args]] : ['npm', args]
}

function run(program, cwd, command, args) {
  console.error(`${program}: ${[command === process.execPath ? [] : command, args].flat().map(shortened).join(' ')}`)
  const shell = process.platform === 'win32' && command === 'npm'
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', process.stderr, 'inherit'], shell })
  if (error) console.error(`${program}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

/** A word of a command, for people. */
function shortened(word) {
  return word === process.env.npm_execpath ? 'npm' : word
}

/** The time of the youngest file under a folder, in milliseconds; 0 where there is none. */
function newest(folder) {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Math.max(0, ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs))
}
