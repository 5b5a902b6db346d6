// Writes the pages of docs/options from the types and checks in lib. With --check it only compares.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { describePages } from './describe.js'
import { commands } from './list.js'
import { commandsText, indexText, pageText } from './page.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const folder = join(root, 'docs', 'options')

const written = await texts()
mkdirSync(folder, { recursive: true })
const stale = [...written].filter(([name, text]) => read(name) !== text).map(([name]) => name)
const extra = readdirSync(folder).filter((name) => !written.has(name))
if (process.argv.includes('--check')) check()
else write()

async function texts() {
  const pages = await describePages()
  const helps = commands.map(({ name, source }) => ({ name, help: helpIn(readFileSync(join(root, source), 'utf8')) }))
  const all = [
    ...pages.map((page) => [`${page.page}.md`, pageText(page)]),
    ['cli.md', commandsText(helps)],
    ['index.md', indexText(pages, commands)],
  ]
  const settings = { ...(await resolveConfig(join(folder, 'index.md'))), parser: 'markdown' }
  return new Map(await Promise.all(all.map(async ([name, text]) => [name, await format(text, settings)])))
}

function helpIn(source) {
  return /^const help = `([^`]*)`/m.exec(source)[1]
}

function check() {
  if (stale.length + extra.length === 0) return
  console.error(
    `options: ${[...stale, ...extra].map((name) => `docs/options/${name}`).join(', ')} differ from lib: run \`npm run options\``,
  )
  process.exitCode = 1
}

function write() {
  for (const name of extra) rmSync(join(folder, name))
  for (const name of stale) writeFileSync(join(folder, name), written.get(name))
}

function read(name) {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return undefined
  }
}
