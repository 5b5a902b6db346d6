import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isError, isOidcError, systemCode } from '../../base/error-cause.js'
import { internals } from '../../base/runtime.js'
import { withDeadline } from '../../base/timers/deadline.js'
import { ConfigurationError } from '../../errors.js'
import { missingVariables, readVariables, type RequiredVariable } from '../../options/environment.js'
import { fail, type Finding } from './finding.js'

/** What there is to examine, unchecked. */
export interface Input {
  /** Options of `oidc()`. */
  readonly oidc?: unknown
  /** Options of `bearer()`. */
  readonly bearer?: unknown
  /** A client of Redis. */
  readonly redis?: unknown
  /** What is wrong with the source itself. */
  readonly findings: readonly Finding[]
}

type Variables = Readonly<Record<string, string | undefined>>

const examples: Readonly<Record<RequiredVariable, string>> = {
  ISSUER: "the provider's issuer URL, such as ISSUER=https://id.example.com",
  CLIENT_ID: 'the ID that the provider gave this application, such as CLIENT_ID=my-app',
  BASE_URL: 'the URL at which browsers reach this application, such as BASE_URL=https://app.example.com',
  SESSION_SECRET: 'the output of: openssl rand -base64 48',
}

/** Reads what `optionsFromEnv()` reads, and says which variables are missing. */
export function inputFromEnvironment(env: Variables | undefined): Input {
  const missing = missingVariables(env)
  const findings = missing.map((name) =>
    fail(
      'environment',
      `${name} is not set`,
      `set ${name} to ${examples[name]} (from a file: node --env-file=.env node_modules/express-oidc/dist/cli/index.js doctor)`,
    ),
  )
  const isSet = (value: unknown): boolean => value !== '' && !(Array.isArray(value) && value.includes(''))
  const given = Object.entries(readVariables(env)).filter(([, value]) => isSet(value))
  return { oidc: Object.fromEntries(given), findings }
}

const loadingSeconds = 15

/**
 * Imports a module, and takes the options from what it exports.
 *
 * @param seconds - how long it may take to load: a client of Redis may wait for its connection for ever
 * @throws {ConfigurationError} `invalid_options` for a module that cannot be loaded, or exports no options
 */
export async function inputFromModule(file: string, seconds = loadingSeconds): Promise<Input> {
  try {
    const late = `has not loaded within ${seconds} seconds: what does it await, such as a connection to Redis?`
    const [oidc, bearer, redis] = await withDeadline(exportsOf(file), seconds * 1000, () => unusable(file, late))
    if (oidc === undefined && bearer === undefined) throw unusable(file, 'exports neither options nor bearer')
    return { oidc, bearer, redis, findings: [] }
  } catch (error) {
    // The module's own call of optionsFromEnv() says what is missing.
    if (!(error instanceof ConfigurationError) || error.code !== 'missing_environment') throw error
    return { findings: [fail('environment', error.message, 'set the variables, and try again')] }
  }
}

async function exportsOf(file: string): Promise<readonly [oidc: unknown, bearer: unknown, redis: unknown]> {
  const { options, default: main, bearer, redis } = await load(file)
  const settled = async (name: string, exported: unknown): Promise<unknown> => {
    try {
      return isMaker(exported) && name !== 'redis' ? await exported() : await exported
    } catch (error) {
      if (isOidcError(error)) throw error
      throw unusable(file, `has an export "${name}" that fails (${reasonOf(error)})`)
    }
  }
  return Promise.all([
    settled('options', options ?? main).then((value) => requireOptions(value, 'options')),
    settled('bearer', bearer).then((value) => requireOptions(value, 'bearer')),
    settled('redis', redis),
  ])
}

// The exports of a CommonJS module are in `default`, all or some.
async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const namespace: unknown = await import(pathToFileURL(resolve(file)).href)
    const own = membersOf(namespace)
    const inner = membersOf(own['default'])
    return ['options', 'bearer', 'default'].some((name) => inner[name] !== undefined) ? { ...own, ...inner } : own
  } catch (error) {
    if (isOidcError(error)) throw error
    if (isForTypeScript(error, file)) throw typeScriptOnly(file, error)
    throw unusable(file, `cannot be loaded (${reasonOf(error)})`)
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function requireOptions(value: unknown, name: string): unknown {
  if (value === undefined || (typeof value === 'object' && value !== null)) return value
  const what = isApplication(value) ? 'middleware or an application' : `not an object, but of type ${typeof value}`
  const message = `the export "${name}" is ${what}: export the options themselves, or a function without parameters that returns them`
  throw new ConfigurationError('invalid_options', message)
}

function isMaker(exported: unknown): exported is () => unknown {
  return typeof exported === 'function' && !isApplication(exported)
}

// What oidc() returned, an application of Express, or anything else that takes requests.
function isApplication(value: unknown): boolean {
  return typeof value === 'function' && (internals().middlewares.has(value) || value.length >= 2)
}

function unusable(file: string, why: string): ConfigurationError {
  const message = `--module ${file}: the module ${why}${/[?.]$/.test(why) ? '' : '.'} It should export the options of oidc() as default or "options", those of bearer() as "bearer"; both may be functions`
  return new ConfigurationError('invalid_options', message)
}

// Some versions of Node.js remove types, but neither transform enums nor look for the .ts file of an import that ends with .js.
function isForTypeScript(error: unknown, file: string): boolean {
  return /\.[cm]?tsx?$/.test(file) && existsSync(file) && isOfLoader(error)
}

function typeScriptOnly(file: string, error: unknown): ConfigurationError {
  const message = `--module ${file}: this Node.js cannot load the module as TypeScript (${reasonOf(error)}). Name the compiled file, or install tsx and run: node --import tsx node_modules/express-oidc/dist/cli/index.js doctor --module ${file}`
  return new ConfigurationError('invalid_options', message)
}

// Messages of other errors may quote what is secret.
function reasonOf(error: unknown): string {
  if (!isError(error)) return 'it threw something that is not an error'
  const code = systemCode(error)
  return isOfLoader(error)
    ? error.message
    : `${error.name}${code === undefined ? '' : ` ${code}`}: run it with node to see why`
}

function isOfLoader(error: unknown): boolean {
  if (!isError(error)) return false
  const code = systemCode(error) ?? ''
  return error.name === 'SyntaxError' || /^(?:ERR_)?(?:MODULE_NOT|UNKNOWN_FILE|UNSUPPORTED|REQUIRE)/.test(code)
}
