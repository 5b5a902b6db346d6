// Takes the same steps with an application of another package and with its successor: `npm run migrations -- express-jwt`.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { declaredIn, judge } from './judge.js'

const own = dirname(fileURLToPath(import.meta.url))
const root = join(own, '..', '..')
const names = readdirSync(own).filter((name) => existsSync(join(own, name, 'steps.js')))

const usage = `npm run migrations -- [name…]

For each name: starts scripts/migrations/<name>/before.js, which has the other package, and then after.js, which has this one, at the same address. A real
oidc-provider is behind both. Takes the same steps with each, and prints what each did. Ends with 1 where they differ and the table "What behaves differently"
of docs/migrating/<name>.md does not say so, with the reason. The first run installs the other packages into scripts/migrations. Pages need Chromium.

Names: ${names.join(', ')}

  --help  this text`

const { values, positionals } = parse()
if (values.help) stop(usage, 0)
const unknown = positionals.find((name) => !names.includes(name))
if (unknown !== undefined) stop(`no folder of scripts/migrations is called ${unknown}\n\n${usage}`, 2)

install()
const { compare } = await import('./compare.js')
const { startChromium } = await import('./chromium.js')
let chromium
const browser = () => (chromium ??= startChromium())
const wrong = []
try {
  for (const name of positionals.length === 0 ? names : positionals) {
    const results = await compare(name, browser)
    const guide = readFileSync(join(root, 'docs', 'migrating', `${name}.md`), 'utf8')
    const { lines, isRight } = judge(results, declaredIn(guide))
    console.log(`${name}\n  ${lines.join('\n  ')}\n`)
    if (!isRight) wrong.push(name)
  }
} finally {
  await (await chromium)?.close()
}
if (wrong.length > 0) stop(`not as the guide says: ${wrong.join(', ')}`, 1)

function parse() {
  try {
    return parseArgs({ options: { help: { type: 'boolean' } }, allowPositionals: true })
  } catch (error) {
    stop(`${error.message}\n\n${usage}`, 2)
  }
}

function install() {
  if (!existsSync(join(root, 'dist', 'index.js'))) stop('run `npm run build` first', 2)
  if (!existsSync(join(own, 'node_modules'))) {
    const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: own,
      stdio: 'inherit',
    })
    if (status !== 0) process.exit(status ?? 1)
  }
  // What stands for the installed package is what has been built.
  const link = join(own, 'node_modules', 'express-oidc')
  if (!existsSync(link)) symlinkSync(root, link, 'dir')
}

function stop(words, code) {
  if (code === 0) console.log(words)
  else console.error(words)
  process.exit(code)
}
