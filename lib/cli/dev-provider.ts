import { randomBytes } from 'node:crypto'
import { type Server, createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { ConfigurationError } from '../errors.js'
import { requireTesting } from '../options/testing.js'
import { type TestUser, readOptions } from '../testing/options.js'
import { isUsualRedirect } from '../testing/provider/authorization.js'
import { ProviderServer } from '../testing/provider/provider.js'
import { newState } from '../testing/provider/state.js'
import { answerBrowsers } from './browser-endpoints.js'
import type { Terminal } from './terminal.js'

const help = `Usage: npx express-oidc dev-provider [options]

Starts an OpenID provider on 127.0.0.1, with pages to choose who signs in. It knows every client ID, with any secret or none, and sends
people back to this machine only. Its keys are new at each start, and nothing is stored.

Options:
  --port <number>                   where it listens (default 4000; 0 for any free port)
  --user <name[,claim=value…]>      someone who can sign in, such as carol,dept=hr,name=Carol; may be repeated. Such claims are those of the
                                    ID Token and of UserInfo, not of access tokens. (default: alice and bob, with name and email)
  --base-url <url>                  where your application is, on this machine (default http://localhost:3000)
  --help                            prints this`

/** A provider that runs. */
export interface DevProvider {
  readonly issuer: string
  readonly server: Server
}

/**
 * Starts a provider on the loopback interface, and prints the options for it.
 *
 * @returns `undefined` if only help was asked for
 * @throws {ConfigurationError} `invalid_options`, also with `NODE_ENV=production`
 */
export async function devProvider(args: readonly string[], terminal: Terminal): Promise<DevProvider | undefined> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      user: { type: 'string', multiple: true },
      'base-url': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) {
    terminal.print(help)
    return undefined
  }
  requireTesting('dev-provider')
  const users = values.user === undefined ? undefined : Object.fromEntries(values.user.map(userFrom))
  const baseUrl = baseUrlFrom(values['base-url'] ?? 'http://localhost:3000')
  const started = await start(portFrom(values.port ?? '4000'), users)
  terminal.print(instructions(started.issuer, baseUrl))
  return started
}

async function start(port: number, users: Readonly<Record<string, TestUser>> | undefined): Promise<DevProvider> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`
  const state = newState(readOptions({ issuer, users }, true))
  server.on('request', answerBrowsers(state, new ProviderServer(state)))
  return { issuer, server }
}

function portFrom(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port
  throw new ConfigurationError('invalid_options', `--port must be a number from 0 to 65535, and is "${text}"`)
}

function baseUrlFrom(text: string): string {
  if (isUsualRedirect(text, true)) return text
  const message = `--base-url must be a URL of this machine, such as http://localhost:8080, and is "${text}"`
  throw new ConfigurationError('invalid_options', message)
}

function userFrom(text: string): readonly [string, TestUser] {
  const [name = '', ...pairs] = text.split(',').map((part) => part.trim())
  const claims = pairs.map((pair) => {
    const equals = pair.indexOf('=')
    return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim(), equals > 0] as const
  })
  if (name === '' || claims.some(([, , isPair]) => !isPair)) {
    throw new ConfigurationError('invalid_options', `--user must be like carol or carol,dept=hr, and is "${text}"`)
  }
  return [name, Object.fromEntries(claims.map(([claim, value]) => [claim, value]))]
}

function instructions(issuer: string, baseUrl: string): string {
  return `The provider is at ${issuer} until you press Ctrl+C. Start your application with these variables, for optionsFromEnv():

  ISSUER=${issuer}
  CLIENT_ID=my-app
  BASE_URL=${baseUrl}
  SESSION_SECRET=${randomBytes(36).toString('base64url')}

or these options:

  oidc({ issuer: '${issuer}', clientId: 'my-app', baseUrl: '${baseUrl}', secret })
  bearer({ issuer: '${issuer}', audience: 'https://api.test' })

An access token for that API:

  curl -u my-app:x -d grant_type=client_credentials -d scope=orders:read ${issuer}/token
`
}
