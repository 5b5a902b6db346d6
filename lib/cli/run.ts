import { isError, isOidcError, systemCode } from '../base/error-cause.js'
import { devProvider } from './dev-provider.js'
import { doctor } from './doctor/doctor.js'
import type { Terminal } from './terminal.js'

const help = `Usage: npx express-oidc <command>

Commands:
  dev-provider   starts an OpenID provider on this machine, to sign in to your application without an account
  doctor         examines the options of your application and its provider, and says what is wrong and how to correct it

Help for a command: npx express-oidc <command> --help`

const commands: Readonly<Record<string, (args: readonly string[], terminal: Terminal) => Promise<unknown>>> = {
  'dev-provider': devProvider,
  doctor,
}

// The status of most programs that were called incorrectly.
const usageError = 2

/** Runs a command. Without one, it prints what there is. */
export async function run([name, ...args]: readonly string[], terminal: Terminal): Promise<void> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.print(help)
    return
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    terminal.fail(`there is no command "${name}"\n\n${help}`, usageError)
    return
  }
  try {
    await command(args, terminal)
  } catch (error) {
    if (!isOidcError(error) && !isMistake(error)) throw error
    const hint = hintFor(error)
    terminal.fail(error.message + hint, hint === '' ? usageError : 1)
  }
}

function hintFor(error: Error): string {
  if (systemCode(error) !== 'EADDRINUSE' || !('port' in error)) return ''
  const port = Number(error.port)
  return ` (another port: --port ${port < 65_535 ? port + 1 : 0})`
}

// An invalid argument, or a port that is in use.
function isMistake(error: unknown): error is Error {
  return isError(error) && 'code' in error && /^ERR_PARSE_ARGS_|^EADDRINUSE$|^EACCES$/.test(String(error.code))
}
