// Tries the package in each framework and runtime, from a fresh folder with the packed tarball: `npm run compat`.
import { parseArgs } from 'node:util'
import { packagesOf, rows } from './rows.js'
import { packTarball, tryRow } from './try-row.js'

const usage = `npm run compat -- [row…] [--installed] [--keep]

For each row: a fresh folder outside of this repository, with the packed tarball and the row's packages in their exact versions, a real
oidc-provider, and a browser that signs in, meets guards, posts forms, calls an API and logs out. One row after the other. Packages
come from npm's registry. HTTP/2 needs openssl.

Rows: ${rows.map(({ name }) => name).join(', ')}

  --installed  links the packages of this repository instead of installing any: for rows that need no others
  --keep       leaves the folders of rows that fail
  --help       this text`

let parsed
try {
  const options = { installed: { type: 'boolean' }, keep: { type: 'boolean' }, help: { type: 'boolean' } }
  parsed = parseArgs({ options, allowPositionals: true })
} catch (error) {
  stop(error.message)
}
const { values, positionals } = parsed
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const unknown = positionals.find((name) => !rows.some((row) => row.name === name))
if (unknown !== undefined) stop(`no row is called ${unknown}`)

const wanted = positionals.length === 0 ? rows : rows.filter(({ name }) => positionals.includes(name))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const tarball = packTarball()
const failures = []
try {
  for (const row of wanted) {
    const begun = Date.now()
    const results = await tryRow(row, tarball.path, values)
    const wrong = results.filter((result) => result.wrong !== undefined)
    if (wrong.length > 0) failures.push(row.name)
    const count = `${results.length - wrong.length} of ${results.length}`
    const seconds = `${Math.round((Date.now() - begun) / 1000)} s`
    console.log(
      [
        (wrong.length === 0 ? 'yes' : 'NO').padEnd(4),
        row.name.padEnd(18),
        count.padEnd(8),
        seconds.padStart(5),
        packagesOf(row),
      ].join(' '),
    )
    for (const { name, wrong: reason } of wrong) console.log(`       ${name}: ${reason}`)
  }
} finally {
  tarball.remove()
}
console.log(
  failures.length === 0 ? `\n${wanted.length} of ${wanted.length} rows pass` : `\nnot passed: ${failures.join(', ')}`,
)
process.exitCode = failures.length === 0 ? 0 : 1

function stop(reason) {
  console.error(`${reason}\n\n${usage}`)
  process.exit(2)
}
