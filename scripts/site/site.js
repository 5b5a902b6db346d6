// The site of the documentation: `npm run docs` builds it, from docs/.
import { spawnSync } from 'node:child_process'
import { existsSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { writeReference } from './api.js'
import { foreignLoads } from './foreign.js'
import { writePages } from './pages.js'
import { serve } from './serve.js'

const own = dirname(fileURLToPath(import.meta.url))
const root = join(own, '..', '..')
const pages = join(root, '.site', 'pages')
const html = join(root, '.site', 'html')

const usage = `npm run docs -- [options]

Builds the site of the documentation from docs/ into .site/html, without the network. A link that leads nowhere ends it with 1. The first run
installs packages of its own into scripts/site.

  --serve        serves what was built on http://127.0.0.1:4173
  --dev          serves pages on http://127.0.0.1:5173 instead, and follows changes of docs/ (npm run docs:dev)
  --port <port>  another port
  --base <path>  the path that the site will have where it is published, such as /express-oidc/
  --help         this text`

const values = argumentsOf(process.argv.slice(2))
if (values.help) console.log(usage)
else await run()

async function run() {
  if (!existsSync(join(own, 'node_modules'))) install()
  process.env.SITE_BASE = values.base
  writePages(root, pages)
  await writeReference(root, join(pages, 'api'))
  const { build, createServer } = await import('vitepress')
  if (values.dev) {
    const server = await createServer(own, { host: '127.0.0.1', port: Number(values.port ?? 5173) })
    watch(join(root, 'docs'), { recursive: true }, () => writePages(root, pages))
    await server.listen()
    server.printUrls()
    return
  }
  try {
    await build(own)
  } catch (error) {
    stop(error.message)
  }
  const foreign = foreignLoads(html)
  if (foreign.length > 0) stop(`the pages load what is elsewhere:\n${foreign.join('\n')}`)
  if (values.serve) console.log(await serve(html, Number(values.port ?? 4173), values.base))
}

function argumentsOf(args) {
  const options = {
    serve: { type: 'boolean', default: false },
    dev: { type: 'boolean', default: false },
    port: { type: 'string' },
    base: { type: 'string', default: '/' },
    help: { type: 'boolean', default: false },
  }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

// Scripts of packages do not run.
function install() {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: own,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}

function stop(message) {
  console.error(`docs: ${message}`)
  process.exit(1)
}
