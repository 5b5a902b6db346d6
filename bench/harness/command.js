import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

/** Every bench there is: what it measures, how many minutes that takes, its parts, and its module, which exports `run(command)`. */
export const benches = {
  install: {
    what: 'what import costs in time, and a production install in packages and bytes',
    minutes: '3',
    load: () => import('../install.js'),
  },
  bearer: {
    what: 'access tokens: a protected route over HTTP, and with --in-process validators alone',
    minutes: '20 to 40',
    parts: ['seen', 'unseen', 'one', 'burst'],
    load: () => import('../bearer.js'),
  },
  session: {
    what: 'a login session read by each request over HTTP, CPU over a bare route',
    minutes: '3 to 8',
    load: () => import('../session.js'),
  },
  login: {
    what: 'one whole login: CPU of the process that people log in to, and how long they wait when many come at once',
    minutes: '4 to 10',
    parts: ['1', '8', '200'],
    load: () => import('../login.js'),
  },
  scale: {
    what: 'what grows with processes, sessions and tenants: round trips, bytes and CPU',
    minutes: '10',
    parts: ['sessions', 'processes', 'storm', 'logout', 'tenants'],
    load: () => import('../scale.js'),
  },
  machine: {
    what: 'clientCredentials().getToken() when the token is at hand',
    minutes: '1',
    load: () => import('../machine.js'),
  },
  proxy: {
    what: 'a request sent on to an API by apiProxy(), CPU over a bare proxy',
    minutes: '3',
    load: () => import('../proxy.js'),
  },
  memory: {
    what: 'whether 100,000 distinct tokens leave the heap where 10,000 did',
    minutes: '2',
    load: () => import('../memory.js'),
  },
  tenants: {
    what: '10,000 tenants: memory, timers, the outage of one, and a session read beside one provider',
    minutes: '5',
    load: () => import('../tenants.js'),
  },
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
    const parts = values.parts?.split(',')
    const unknown = parts?.find((part) => benches[name]?.parts?.includes(part) !== true)
    if (unknown !== undefined) return { problem: unknownPart(name, unknown) }
    if (values.profile && !profiled.includes(name)) return { problem: `--profile goes with ${profiled.join(', ')}` }
    return {
      names,
      ...values,
      library: libraryUrl(values.library),
      algorithms: values.algorithms?.split(','),
      parts,
    }
  } catch (error) {
    return { problem: error.message }
  }
}

function unknownPart(name, part) {
  const { parts } = benches[name] ?? {}
  return parts === undefined
    ? `--parts does not go with ${name}`
    : `${name} has no part "${part}", only ${parts.join(', ')}`
}

/** How to call it. */
export function help() {
  const lines = Object.entries(benches).map(
    ([name, { what, minutes }]) => `  ${name.padEnd(9)} ${what} (${minutes} min)`,
  )
  return `npm run bench -- <bench> [options]

Benches:
${lines.join('\n')}
  all       ${all.join(', ')}

Minutes are those of a machine with two cores that does nothing else. Where the null comparison is off, it takes the longer time.

Options:
  -q, --quick           two sets of processes and fewer rounds: for a look, seldom enough to be judged
      --in-process      bearer: only without HTTP
      --http            bearer: only over HTTP
      --algorithms a,b  bearer: only these of RS256, PS256, ES256, EdDSA
      --parts a,b       only these: ${partsOfAll()}
      --only text       bearer, memory, session: of the peers, only those whose name holds this
      --library file    another build than ../dist/index.js
      --strict          only who is judged or a limit, in more sets of processes; exit code 1 when a target is missed, 3 when the null comparison
                        was off or something was not measured
      --profile         bearer, session, login: the functions that take the time of express-oidc, and those that allocate
  -h, --help            this text`
}

function partsOfAll() {
  const withParts = Object.entries(benches).filter(([, { parts }]) => parts !== undefined)
  return withParts.map(([name, { parts }]) => `${name} has ${parts.join(', ')}`).join('; ')
}

// npm changes the directory to bench/, and keeps the one that it was called in.
function libraryUrl(file) {
  return file && pathToFileURL(resolve(process.env.INIT_CWD ?? process.cwd(), file)).href
}
