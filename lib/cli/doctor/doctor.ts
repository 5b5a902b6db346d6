import { parseArgs } from 'node:util'
import { readSurroundings } from '../../options/surroundings.js'
import type { Terminal } from '../terminal.js'
import { examine } from './examine.js'
import { countsOf } from './finding.js'
import { inputFromEnvironment, inputFromModule } from './input.js'
import { jsonReport, textReport } from './report.js'

const help = `Usage: npx express-oidc doctor [options]

Examines the options of this application, and the provider that they name. It reads the variables that optionsFromEnv() reads: ISSUER,
CLIENT_ID, CLIENT_SECRET, BASE_URL and SESSION_SECRET. It prints what is in order and what is not, each with what to do, and the URLs to
register at the provider. Nobody is signed in, and no secret is printed.

Options:
  --module <file>   takes the options from what a module exports: those of oidc() as default or "options", those of bearer() as "bearer",
                    a client of Redis as "redis"
  --measure         requests a token for the client itself too, to measure it, and revokes it
  --json            prints JSON
  --help            prints this

The exit status is 0, or 1 if anything is wrong, or 2 if the command was called incorrectly.`

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Examines options and provider, prints a report, and ends the process.
 *
 * @param env - variables by name. Default: those of the process
 * @throws {ConfigurationError} `invalid_options` for a module that cannot be used
 */
export async function doctor(args: readonly string[], terminal: Terminal, env?: Variables): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      module: { type: 'string' },
      measure: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    terminal.print(help)
    return
  }
  const surroundings = readSurroundings(env)
  const input = values.module === undefined ? inputFromEnvironment(env) : await inputFromModule(values.module)
  const report = await examine(input, { surroundings, isMeasured: values.measure === true })
  const hasColours = terminal.isInteractive && surroundings.allowsColours
  terminal.print(values.json === true ? jsonReport(report) : textReport(report, hasColours))
  // A connection that the module has opened, such as to Redis, would keep the process alive.
  terminal.end(countsOf(report).fail === 0 ? 0 : 1)
}
