import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

/** Every bench there is, loaded when it is asked for: each exports `summary` and `run(command)`. */
export const benches = {
  bearer: () => import('../bearer.js'),
  session: () => import('../session.js'),
  login: () => import('../login.js'),
  machine: () => import('../machine.js'),
  proxy: () => import('../proxy.js'),
  memory: () => import('../memory.js'),
  tenants: () => import('../tenants.js'),
  install: () => import('../install.js'),
}

const flags = {
  quick: { type: 'boolean', default: false, short: 'q' },
  help: { type: 'boolean', default: false, short: 'h' },
  strict: { type: 'boolean', default: false },
  'in-process': { type: 'boolean', default: false },
  http: { type: 'boolean', default: false },
  algorithms: { type: 'string' },
  only: { type: 'string' },
  library: { type: 'string' },
}

/** What the command line asks for. */
export function readCommand(args) {
  try {
    const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true })
    const [name] = positionals
    if (values.help || name === undefined) return { help: true }
    if (!(name in benches) || positionals.length > 1) return { problem: `there is no bench "${positionals.join(' ')}"` }
    return { name, ...values, library: libraryUrl(values.library), algorithms: values.algorithms?.split(',') }
  } catch (error) {
    return { problem: error.message }
  }
}

/** How to call it. */
export async function help() {
  const lines = []
  for (const [name, load] of Object.entries(benches)) lines.push(`  ${name.padEnd(10)}${(await load()).summary}`)
  return `npm run bench -- <bench> [options]

Benches:
${lines.join('\n')}

Options:
  -q, --quick           fewer rounds and combinations: bearer ends within two minutes
      --in-process      bearer: only without HTTP
      --http            bearer: only over HTTP
      --algorithms a,b  bearer: only these of RS256, PS256, ES256, EdDSA
      --only text       bearer, memory, session: only contenders whose name holds this, beside ours and the limits
      --library file    another build than ../dist/index.js
      --strict          exit code 1 when a target is missed
  -h, --help            this text`
}

// npm changes the directory to bench/, and keeps the one that it was called in.
function libraryUrl(file) {
  return file && pathToFileURL(resolve(process.env.INIT_CWD ?? process.cwd(), file)).href
}
