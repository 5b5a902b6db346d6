/**
 * `npm run demo`: installs what is missing, builds the package, starts the demo. Node's own modules only, because nothing
 * else may be there yet.
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { usage } from './usage.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const needed = [
  'express/package.json',
  'oidc-provider/package.json',
  'eta/package.json',
  '@picocss/pico/package.json',
  'typescript/package.json',
]

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(usage)
} else if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node 20.19 or later is needed, this is ${process.versions.node}`)
} else if (prepare()) {
  await import('./main.js')
}

/** @returns {boolean} Whether everything is in place. */
function prepare() {
  if (!needed.every(isInstalled)) {
    console.log('Installing packages, once …')
    if (!npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error')) return fail('npm ci failed')
  }
  console.log('Building the package …')
  return npm('run', '--silent', 'build') || fail('npm run build failed')
}

/** @param {string} file */
function isInstalled(file) {
  try {
    require.resolve(file)
    return true
  } catch {
    return false
  }
}

/** @param {string[]} args */
function npm(...args) {
  const cli = process.env.npm_execpath
  const [command, first] = cli === undefined ? ['npm', []] : [process.execPath, [cli]]
  const options = { cwd: root, shell: cli === undefined && process.platform === 'win32' }
  return spawnSync(command, [...first, ...args], { ...options, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
}

/** @param {string} message */
function fail(message) {
  console.error(`express-oidc demo: ${message}`)
  process.exitCode = 1
  return false
}
