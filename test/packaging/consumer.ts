import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../setup/tree.js'

/** A project elsewhere on this machine that has installed the package from its tarball. */
export interface Consumer {
  /** Paths in the tarball, sorted, without its `package/`. */
  readonly packed: readonly string[]
  /** Names of all packages that a production install brings, this one included. */
  readonly installed: readonly string[]
  /** Bytes of these packages on disk. */
  readonly bytes: number
  /** Writes a file into the project and returns its path. */
  write(name: string, text: string): string
  /** Runs a program in the project and returns what it printed; throws with all of its words when it fails. */
  run(command: string, ...args: readonly string[]): string
  /** Adds packages in the versions that this project is tested with. */
  add(...names: readonly string[]): void
  remove(): void
}

/** Packs what lies in `dist`, and installs the tarball outside of this repository, where nothing is found by accident. */
export function installPacked(): Consumer {
  const folder = mkdtempSync(join(tmpdir(), 'express-oidc-consumer-'))
  const run = (command: string, ...args: readonly string[]) => runIn(folder, command, args)
  const install = (...what: readonly string[]) =>
    run('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...what)

  const pack = runIn(root, 'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder])
  const [report] = JSON.parse(pack) as { filename: string; files: { path: string }[] }[]
  if (report === undefined) throw new Error('npm pack reported nothing.')
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
  install(join(folder, report.filename))

  return {
    packed: report.files.map(({ path }) => path).sort(),
    installed: packagesIn(folder),
    bytes: bytesIn(join(folder, 'node_modules')),
    write(name, text) {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },
    run,
    add: (...names) => void install(...names.map((name) => `${name}@${versionOf(name)}`)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function packagesIn(folder: string): string[] {
  const lock = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>
  }
  return Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, ''))
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0)
}

function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}

function runIn(cwd: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env: ownEnvironment(), encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`)
  return stdout
}

/** Ours, without what `npm test` and jest added to it: a child npm would take this project for its own. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const kept = /^npm_config_(?:registry|userconfig|globalconfig|cache)$/i
  const entries = Object.entries(process.env)
  return Object.fromEntries(
    entries.filter(([name]) => name !== 'NODE_OPTIONS' && (!/^npm_/i.test(name) || kept.test(name))),
  )
}

/** Whether the package has been built. */
export function isBuilt(): boolean {
  return readdirSync(root).includes('dist') && readdirSync(join(root, 'dist')).includes('index.js')
}
