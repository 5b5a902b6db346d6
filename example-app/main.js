#!/usr/bin/env node
/** The command line: `node example-app/main.js`, once the package is built (`npm run demo` does that too). */
import { readArguments } from './start/arguments.js'
import { StartError } from './start/start-error.js'
import { usage } from './start/usage.js'

const { redis, help, problem } = readArguments(process.argv.slice(2))
if (help) {
  console.log(usage)
  process.exit(0)
}

try {
  if (problem !== undefined) throw new StartError(problem)
  const { start } = await import('./start/start.js')
  const demo = await start(process.env, { redis })
  const processes = redis ? `\n  processes ${demo.processes().join(' and ')}, on one Redis: kill one and go on` : ''
  const providers = demo.providers.map(
    ({ issuer, note }) => `\n  provider  ${issuer}${note === '' ? '' : `  (${note})`}`,
  )
  console.log(`express-oidc demo\n\n  app       ${demo.url}${processes}${providers.join('')}`)
  if (!demo.embedded)
    console.log(`\n  Register there: redirect URI ${demo.url}/callback, post-logout redirect URI ${demo.url}/`)
  console.log('\n  Ctrl+C stops it.')
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => demo.close().finally(() => process.exit(0)))
} catch (error) {
  console.error(`express-oidc demo: ${String(Object(error).message).replace(/\s+/g, ' ')}`)
  process.exitCode = 1
}
