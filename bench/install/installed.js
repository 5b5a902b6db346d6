import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const bench = new URL('../', import.meta.url)

/** Packs the build, as it would be published. */
export async function pack(folder) {
  const { EXPRESS_OIDC_LIBRARY: build } = process.env
  const root = fileURLToPath(new URL('..', build ?? new URL('../dist/index.js', bench)))
  await stat(join(root, 'dist', 'index.js')).catch(() => {
    throw new Error('there is nothing to pack: call "npm run build" in the folder above')
  })
  const { stdout } = await npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], root)
  return join(folder, stdout.trim().split('\n').at(-1))
}

/** Package and version that this folder measures. */
export async function versionOf(name) {
  const { version } = JSON.parse(await readFile(new URL(`node_modules/${name}/package.json`, bench), 'utf8'))
  return `${name}@${version}`
}

/** Installs without what is only for development, and counts. */
export async function install(folder, packages) {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  await npm(['install', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', ...packages], folder)
  const lock = JSON.parse(await readFile(join(folder, 'node_modules', '.package-lock.json'), 'utf8'))
  return { folder, packages: Object.keys(lock.packages).length, bytes: await bytesIn(join(folder, 'node_modules')) }
}

async function bytesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

// npm tells its children about itself: a child in another folder must not believe that it is here.
function npm(args, cwd) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|config_local)/.test(name)),
  )
  return run('npm', args, { cwd, env, maxBuffer: 16 * 1024 ** 2 })
}
