#!/usr/bin/env node
/** The command line: `node example-app/main.js`, once the package is built (`npm run demo` does that too). */
import { start } from './start.js'
import { usage } from './usage.js'

if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
  console.log(usage)
  process.exit(0)
}

try {
  const demo = await start(process.env)
  console.log(
    `express-oidc demo\n\n  app       ${demo.url}\n  provider  ${demo.issuer}${demo.embedded ? '  (its own: alice or bob, no passwords)' : ''}`,
  )
  if (!demo.embedded)
    console.log(`\n  Register there: redirect URI ${demo.url}/callback, post-logout redirect URI ${demo.url}/`)
  console.log('\n  Ctrl+C stops it.')
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => demo.close().then(() => process.exit(0)))
} catch (error) {
  console.error(`express-oidc demo: ${String(Object(error).message).replace(/\s+/g, ' ')}`)
  process.exitCode = 1
}
