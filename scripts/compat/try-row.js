import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, start } from '../kit/processes.js'
import { startProvider } from './provider.js'
import { walk } from './walk.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const own = fileURLToPath(new URL('.', import.meta.url))

const folders = new Set()
process.on('exit', () => folders.forEach(removeFolder))

function newFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `express-oidc-compat-${name}-`))
  folders.add(folder)
  return folder
}

function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  folders.delete(folder)
}

/** Packs what has been built. */
export function packTarball() {
  const folder = newFolder('tarball')
  const remove = () => removeFolder(folder)
  try {
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
    const [file = ''] = readdirSync(folder)
    return { path: join(folder, file), remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** Tries one row. Returns the steps and what was wrong with them; a row that does not start has one wrong step. */
export async function tryRow(row, tarball, { installed = false, keep = false } = {}) {
  const folder = newFolder(row.name)
  const log = join(folder, 'server.log')
  let results
  try {
    prepare(row, folder, tarball, installed)
    results = await walkIn(row, folder, log)
  } catch (error) {
    results = [{ name: 'it starts', wrong: error.message.slice(-2000) }]
  }
  const isWrong = results.some(({ wrong }) => wrong !== undefined)
  const said = isWrong && existsSync(log) ? readFileSync(log, 'utf8').trim() : ''
  if (said !== '') results.push({ name: 'the server said', wrong: said.slice(-2000) })
  if (isWrong && keep) {
    console.log(`kept: ${folder}`)
    folders.delete(folder)
  } else removeFolder(folder)
  return results
}

function prepare({ name, recipe = name, packages, tools, runtime, build, isTls, gateway }, folder, tarball, installed) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'compat', private: true, type: 'module' }))
  if (installed) link(folder, tarball, packages)
  else install(folder, tarball, { ...packages, ...tools, ...runtime })
  cpSync(join(own, 'recipes', recipe), folder, { recursive: true })
  if (gateway !== undefined) cpSync(join(own, 'gateway.js'), join(folder, 'gateway.js'))
  if (isTls) makeCertificate(folder)
  requireVersion(commandOf({ runtime }, folder)[0], Object.values(runtime ?? {}))
  if (build !== undefined) run(binaryIn(folder, build[0]), build.slice(1), { cwd: folder, env: environment(folder) })
}

function install(folder, tarball, packages) {
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`)
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  run('npm', ['install', ...quiet, tarball, ...wanted], { cwd: folder, env: environment(folder) })
}

/** Takes the packages of this repository, apart from the package itself. */
function link(folder, tarball, packages) {
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const [name, version] of Object.entries(packages)) {
    const file = join(modules, name, 'package.json')
    const found = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : 'missing'
    if (found.split('.')[0] !== version.split('.')[0])
      throw new Error(`${name} ${version} is not installed here (${found})`)
  }
  mkdirSync(join(modules, 'express-oidc'))
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'express-oidc')], { cwd: folder })
}

/** A row that ran in another version than it says would prove nothing. */
function requireVersion(program, [version]) {
  if (version === undefined) return
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  if (!stdout.includes(version)) throw new Error(`${program} is ${stdout.trim()}, not ${version}`)
}

function makeCertificate(folder) {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem']
  run('openssl', ['req', '-x509', ...key, '-out', 'cert.pem', '-days', '1', ...subject], { cwd: folder })
}

async function walkIn(row, folder, log) {
  const port = await freePort()
  const home = `${row.isTls ? 'https' : 'http'}://127.0.0.1:${port}${row.gateway === 'v1' ? '/prod' : ''}`
  const ca = row.isTls ? readFileSync(join(folder, 'cert.pem'), 'utf8') : undefined
  const provider = await startProvider({ home, port: await freePort() })
  const [program, args] = commandOf(row, folder)
  const secret = 'secret-of-this-script-with-32-characters-at-least'
  const env = {
    ...environment(folder),
    ...provider.environment,
    BASE_URL: home,
    SESSION_SECRET: secret,
    PORT: String(port),
  }
  try {
    const server = await start(program, args, { log, url: `${home}/`, ca, cwd: folder, env })
    try {
      return await walk({ row, home, provider, ca })
    } finally {
      await server.close()
    }
  } finally {
    provider.close()
  }
}

function commandOf({ runtime = {}, gateway, start: given }, folder) {
  const [name = 'node'] = Object.keys(runtime)
  const args = given ?? (gateway === undefined ? ['server.mjs'] : ['gateway.js', gateway])
  const program = name === 'node' ? process.execPath : binaryIn(folder, name.replace(/^node-.*/, 'node'))
  return [program, args]
}

const binaryIn = (folder, name) => join(folder, 'node_modules', '.bin', name)

/** Ours, without what npm and tests added to it: a child npm would take this project for its own. */
function environment(folder) {
  const kept = /^npm_config_(?:registry|userconfig|globalconfig|cache)$/i
  const entries = Object.entries(process.env)
  const plain = entries.filter(([name]) => name !== 'NODE_OPTIONS' && (!/^npm_/i.test(name) || kept.test(name)))
  const path = `${join(folder, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`
  return { ...Object.fromEntries(plain), PATH: path, DENO_DIR: join(folder, '.deno'), NEXT_TELEMETRY_DISABLED: '1' }
}

function run(program, args, options) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args[0] ?? ''} ended with ${status}\n${stdout}\n${stderr}`.trim())
}
