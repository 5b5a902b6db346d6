// What programs of a fresh clone need before they can run: installed packages, and a build of the sources as they are.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of the project. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/**
 * Installs and builds what is missing, and stops here when that fails.
 *
 * @param program - name that its messages begin with; they go to stderr, since stdout is the program's own
 * @param folders - further folders with packages of their own
 */
export function prepare(program, folders = []) {
  const npm = (cwd, ...args) => runNpm(program, cwd, args)
  for (const folder of ['', ...folders].map((name) => join(root, name))) {
    if (!existsSync(join(folder, 'node_modules', '.package-lock.json')))
      npm(folder, 'ci', '--include=dev', '--no-audit', '--no-fund')
  }
  if (newest(join(root, 'lib')) > newest(join(root, 'dist'))) npm(root, 'run', 'build')
}

/** Runs a program of the project with our arguments; signals reach it, and its way to end becomes ours. */
export function runProgram(file) {
  const child = spawn(process.execPath, [file, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

function runNpm(program, cwd, args) {
  console.error(`${program}: npm ${args.join(' ')}`)
  // npm passes its own path to child processes; without that it is found on the PATH.
  const own = process.env.npm_execpath
  const [command, ...first] = own?.endsWith('.js') ? [process.execPath, own] : ['npm']
  const options = {
    cwd,
    stdio: ['ignore', process.stderr, 'inherit'],
    shell: process.platform === 'win32' && !own,
  }
  const { status, error } = spawnSync(command, [...first, ...args], options)
  if (error) console.error(`${program}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

/** The time of the youngest file under a folder, in milliseconds; 0 where there is none. */
function newest(folder) {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Math.max(0, ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs))
}
