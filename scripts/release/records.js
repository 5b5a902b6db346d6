// `npm run records` has this version write sessions, logins and logouts to test/upgrade/written-by: later versions must open them.
import { build } from 'esbuild'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
// Inside of the project, where its packages are found.
const folder = mkdtempSync(join(root, 'node_modules', '.records-'))
try {
  const outfile = join(folder, 'records.mjs')
  const entryPoints = [join(root, 'test', 'upgrade', 'records.ts')]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' })
  const { writeRecords } = await import(pathToFileURL(outfile).href)
  const file = join(root, 'test', 'upgrade', 'written-by', `${version}.json`)
  writeFileSync(file, `${JSON.stringify(await writeRecords(), undefined, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}
