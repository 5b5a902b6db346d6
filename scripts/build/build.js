/*
 * Builds dist: ES modules; the same as CommonJS in dist/cjs, with the dependencies that are ES modules only inside; some packages inside
 * both (bundled.js); and one set of declarations for both, so that a program which uses both has one type of each name. The declarations are those of CommonJS,
 * since an ES module may import CommonJS, and TypeScript does not allow the opposite everywhere.
 *
 * With `--modules` the ES modules only, which is what the demo runs: without TypeScript, and within a second.
 */
import { build, transform } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleBrowserClient } from './browser.js'
import { fewSharedFiles, importedBuiltins } from './shared-files.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const dist = join(root, 'dist')
const cjs = join(dist, 'cjs')

/** What can be imported. The command line is a program, and an ES module only. */
const entries = [
  'index',
  'bearer/index',
  'redis/index',
  'providers/index',
  'proxy/index',
  'telemetry/index',
  'testing/index',
]
/** What pages import: alone, and with the types of browsers. */
const browserEntry = 'browser/index'
const programs = ['cli/index']
const moduleOnly = ['openid-client', 'oauth4webapi', 'jose']

const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const common = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  outbase: 'lib',
  logLevel: 'warning',
  plugins: [fewSharedFiles(root), importedBuiltins],
}
const sources = (names) => names.map((name) => `lib/${name}.ts`)

rmSync(dist, { recursive: true, force: true })
if (process.argv.includes('--modules')) await modules()
else await everything()

async function everything() {
  await declarations()
  const inside = [...(await modules()), ...(await commonjs())]
  await browserClient()
  write(join(dist, 'LICENSES.txt'), licences(inside))
}

async function declarations() {
  // Needs TypeScript.
  const { trimDeclarations } = await import('./declarations.js')
  const tsc = join(root, 'node_modules', 'typescript-7', 'bin', 'tsc')
  for (const project of ['tsconfig.build.json', 'lib/browser/tsconfig.build.json']) {
    execFileSync(process.execPath, [tsc, '-p', project, '--outDir', cjs], { cwd: root, stdio: 'inherit' })
  }
  const typed = [...entries, browserEntry]
  trimDeclarations(
    cjs,
    typed.map((entry) => `${entry}.d.ts`),
  )
  for (const entry of typed) {
    const file = join(dist, `${entry}.d.ts`)
    write(
      file,
      `export * from '${relative(dirname(file), cjs).replaceAll('\\', '/').replace(/^c/, './c')}/${entry}.js'\n`,
    )
  }
}

async function modules() {
  const external = Object.keys({ ...dependencies, ...peerDependencies })
  const entryPoints = sources([...entries, ...programs])
  const { metafile } = await build({ ...common, entryPoints, external, outdir: 'dist', metafile: true })
  return Object.keys(metafile.inputs)
}

// esbuild splits ES modules only: they are split first, then each file becomes CommonJS. Without a shared file, each entry would
// have its own copy of all. A dynamic import becomes a require, as test runners that load CommonJS have no other.
async function commonjs() {
  const packages = Object.keys({ ...dependencies, ...peerDependencies })
  const external = packages.filter((name) => !moduleOnly.includes(name))
  const settings = { ...common, entryPoints: sources(entries), outdir: cjs, external, write: false, metafile: true }
  const { outputFiles, metafile } = await build(settings)
  for (const { path, text } of outputFiles) {
    const supported = { 'dynamic-import': false }
    const { code } = await transform(text, { format: 'cjs', platform: 'node', target: common.target, supported })
    write(path, code)
  }
  write(join(cjs, 'package.json'), '{ "type": "commonjs" }\n')
  return Object.keys(metafile.inputs)
}

// Bundlers and test runners of pages may load CommonJS.
async function browserClient() {
  const text = await bundleBrowserClient()
  write(join(dist, `${browserEntry}.js`), text)
  const { code } = await transform(text, { format: 'cjs', minify: true })
  write(join(cjs, `${browserEntry}.js`), code)
}

/** The licences of the packages that files come from. */
function licences(files) {
  const names = files.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [])
  return [...new Set(names)]
    .sort()
    .map((name) => {
      const folder = join(root, 'node_modules', name)
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const file = readdirSync(folder).find((entry) => /^licen[cs]e(?:\.\w+)?$/i.test(entry))
      if (file === undefined) throw new Error(`${name} has no file with its licence`)
      return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
