import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that some tests need beside Node. */
export type Tool = 'redis-server' | 'chromium' | 'softhsm2-util' | 'pkcs11-tool'

/** What the logic below needs to know of the machine, and may do to it. */
export interface Machine {
  /** The path of a command that can be run, or `undefined`. */
  find(command: string): string | undefined
  readonly isRoot: boolean
  readonly isDebian: boolean
  readonly isCi: boolean
  /** Runs a command; true where it succeeded. */
  run(command: string, args: readonly string[]): boolean
  say(line: string): void
}

/** The names under which distributions ship a tool, and Debian's name of its package. */
const tools: Readonly<Record<Tool, { readonly commands: readonly string[]; readonly debianPackage: string }>> = {
  'redis-server': { commands: ['redis-server'], debianPackage: 'redis-server' },
  chromium: {
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debianPackage: 'chromium',
  },
  'softhsm2-util': { commands: ['softhsm2-util'], debianPackage: 'softhsm2' },
  'pkcs11-tool': { commands: ['pkcs11-tool'], debianPackage: 'opensc' },
}

/** Every tool that a test may need. */
export const allTools: readonly Tool[] = ['redis-server', 'chromium', 'softhsm2-util', 'pkcs11-tool']

/** The path of a tool on this machine, or `undefined` where it is missing. */
export function needs(tool: Tool, machine: Machine = thisMachine): string | undefined {
  for (const command of tools[tool].commands) {
    const path = machine.find(command)
    if (path !== undefined) return path
  }
  return undefined
}

/** The one line that names a missing tool, its package, and what becomes of the tests. */
export function missingLine(tool: Tool, machine: Machine = thisMachine): string {
  const fate = machine.isCi ? 'tests that need it FAIL' : 'tests that need it are SKIPPED'
  return `!!! ${tool} is not installed (Debian package: ${tools[tool].debianPackage}): ${fate} !!!`
}

/** Installs what is missing where that is possible (root on Debian); elsewhere says loudly what is missing. */
export function provide(wanted: readonly Tool[], machine: Machine = thisMachine): void {
  const missing = wanted.filter((tool) => needs(tool, machine) === undefined)
  if (missing.length === 0) return
  if (machine.isRoot && machine.isDebian) install(missing, machine)
  for (const tool of missing) {
    if (needs(tool, machine) === undefined) machine.say(missingLine(tool, machine))
  }
}

function install(missing: readonly Tool[], machine: Machine): void {
  const packages = missing.map((tool) => tools[tool].debianPackage)
  machine.say(`Installing ${packages.join(', ')} with apt-get`)
  // A fresh container has no package lists, so that an install without an update finds nothing.
  if (!machine.run('apt-get', ['update', '-qq'])) return
  machine.run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages])
}

/** The machine that the tests run on. */
export const thisMachine: Machine = {
  find: findOnPath,
  isRoot: process.getuid?.() === 0,
  isDebian: existsSync('/etc/debian_version'),
  isCi: !['', '0', 'false', undefined].includes(process.env['CI']),
  run(command, args) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    return spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  },
  say(line) {
    process.stderr.write(`${line}\n`)
  },
}

function findOnPath(command: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, command)
    if (folder !== '' && isExecutable(path)) return path
  }
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * Jest's global set-up. It lives in this file because jest compiles it alone, outside of its own module resolution,
 * where './x.js' would not find x.ts.
 */
export default function globalSetup(): void {
  provide(allTools)
  makeKeys(['rsa-1', 'rsa-2', 'rsa-provider'])
}

// Workers inherit the variables.
function makeKeys(names: readonly string[]): void {
  for (const name of names) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    process.env[`TEST_KEY_${name}`] = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  }
}
