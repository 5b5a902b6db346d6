// Starts real providers where they are on this machine, and walks the same steps with each: `npm run providers`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../kit/processes.js'
import { tableOf, withTable } from './table.js'
import { steps, walk } from './walk.js'

const servers = [
  'oidc-provider',
  'glewlwyd',
  'keycloak',
  'canaille',
  'django-oauth-toolkit',
  'spring-authorization-server',
  'lemonldap-ng',
]

const usage = `npm run providers -- [--only ${servers.slice(0, 2).join(',')}] [--write]

Starts real providers on this machine, one after the other, and walks ${steps.length} steps with each: signing in, refreshing, an API, signing out.
Known are ${servers.join(', ')}. What is missing is said and left out.

  --only   these only, separated by commas
  --write  put the table into docs/providers/README.md
  --help   this text

oidc-provider is always there. glewlwyd: apt-get install glewlwyd sqlite3. keycloak and spring-authorization-server: a JDK 17 and
Maven, which fetches them. canaille and django-oauth-toolkit: Python 3 with pip, which fetches them. lemonldap-ng: apt-get install
--no-install-recommends liblemonldap-ng-portal-perl libio-string-perl libstring-random-perl.`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: servers.join(',') },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const wanted = values.only.split(',')
const unknown = wanted.find((name) => !servers.includes(name))
if (values.help || unknown !== undefined) {
  if (unknown !== undefined) console.error(`no provider is called ${unknown}\n`)
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}

const columns = []
for (const file of wanted) {
  const server = await import(`./servers/${file}.js`)
  const lack = server.missing()
  if (lack !== undefined) {
    console.log(`${file}: left out, ${lack}`)
    continue
  }
  columns.push({ name: server.name, remarks: server.remarks, results: await tryOne(file, server) })
}
const table = tableOf(steps, columns)
console.log(`\n${table}`)
if (values.write) {
  const page = new URL('../../docs/providers/README.md', import.meta.url)
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), table))
}
process.exit(columns.some(({ results }) => results.some((result) => result.startsWith('no'))) ? 1 : 0)

async function tryOne(file, server) {
  const home = `http://127.0.0.1:${await freePort()}`
  const folder = mkdtempSync(join(tmpdir(), `express-oidc-${file}-`))
  console.log(`${server.name}: starting, in ${folder}`)
  const provider = await server.start({ home, port: await freePort(), folder })
  let results
  try {
    results = await walk(provider, home)
  } finally {
    await provider.close()
  }
  for (const [index, result] of results.entries()) console.log(`  ${result.padEnd(4)} ${index + 1} ${steps[index]}`)
  if (!results.some((result) => result.startsWith('no'))) rmSync(folder, { recursive: true, force: true })
  return results
}
