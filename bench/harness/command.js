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
  scale: () => import('../scale.js'),
}

const flags = {
  quick: { type: 'boolean', default: false, short: 'q' },
  help: { type: 'boolean', default: false, short: 'h' },
  strict: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  'in-process': { type: 'boolean', default: false },
  http: { type: 'boolean', default: false },
  algorithms: { type: 'string' },
  parts: { type: 'string' },
  only: { type: 'string' },
  library: { type: 'string' },
}

const profiled = ['bearer', 'session', 'login']
/** Those with a ratio that is judged. */
const all = ['install', 'bearer', 'session', 'login', 'scale']

/** What the command line asks for. */
export function readCommand(args) {
  try {
    const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true })
    const [name] = positionals
    if (values.help || name === undefined) return { help: true }
    const names = name === 'all' ? all : [name]
    if (!names.every((one) => one in benches) || positionals.length > 1)
      return { problem: `there is no bench "${positionals.join(' ')}"` }
    if (values.profile && !profiled.includes(name)) return { problem: `--profile goes with ${profiled.join(', ')}` }
    return {
      names,
      ...values,
      library: libraryUrl(values.library),
      algorithms: values.algorithms?.split(','),
      parts: values.parts?.split(','),
    }
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
  all       ${all.join(', ')}

Options:
  -q, --quick           two sets of processes and fewer rounds: for a look, seldom enough to be judged
      --in-process      bearer: only without HTTP
      --http            bearer: only over HTTP
      --algorithms a,b  bearer: only these of RS256, PS256, ES256, EdDSA
      --parts a,b       bearer: only these of seen, unseen, one, burst
      --only text       bearer, memory, session: of the peers, only those whose name holds this
      --library file    another build than ../dist/index.js
      --strict          exit code 1 when a target is missed, 3 when the null comparison was off or something was not measured
      --profile         bearer, session, login: the functions that take the time of express-oidc, and those that allocate
  -h, --help            this text`
}

// npm changes the directory to bench/, and keeps the one that it was called in.
function libraryUrl(file) {
  return file && pathToFileURL(resolve(process.env.INIT_CWD ?? process.cwd(), file)).href
}
