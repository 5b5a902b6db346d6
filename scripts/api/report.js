// Writes what each entry of the package exports to api/*.api.md, so a change of the public surface shows in a diff. With --check it only
// compares. It reads the declarations in dist, as users get them: build first.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeEntries } from './surface.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const folder = join(root, 'api')
const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const declarations = Object.entries(entries).flatMap(([name, conditions]) =>
  conditions.require === undefined ? [] : [[join('express-oidc', name), join(root, conditions.require.types)]],
)
if (!declarations.every(([, path]) => existsSync(path))) stop('dist is missing: run `npm run build` first')

const reports = new Map(
  describeEntries(declarations).map(({ name, text }) => [`${name.replaceAll('/', '-')}.api.md`, page(name, text)]),
)

if (process.argv.includes('--check')) check()
else write()

function page(name, text) {
  return `# ${name}\n\nWritten by \`npm run api\`.\n\n\`\`\`ts\n${text}\`\`\`\n`
}

function check() {
  const stale = [...reports].filter(([file, text]) => read(file) !== text).map(([file]) => `api/${file}`)
  const extra = kept().filter((file) => !reports.has(file))
  const wrong = [...stale, ...extra.map((file) => `api/${file}`)]
  if (wrong.length > 0) {
    stop(
      `the public API is not as ${wrong.join(', ')} says: if the change is meant, run \`npm run api\` and commit the difference`,
    )
  }
}

function write() {
  mkdirSync(folder, { recursive: true })
  for (const file of kept()) rmSync(join(folder, file))
  for (const [file, text] of reports) writeFileSync(join(folder, file), text)
}

function kept() {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

function read(file) {
  const path = join(folder, file)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function stop(message) {
  console.error(`api: ${message}`)
  process.exit(1)
}
