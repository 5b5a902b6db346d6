import { ConfigurationError } from '../errors.js'
import { suggestion } from '../options/common/parse.js'

/** What a session of `signedIn()` holds beside the claims. */
export interface SignedInOptions {
  /** The application's own data, as `req.oidc.update()` stores it. @default none */
  data?: Readonly<Record<string, unknown>> | undefined
  /** Granted scopes, separated by spaces. @default what `oidc()` asks for */
  scope?: string | undefined
  /** The access token. @default none */
  accessToken?: string | undefined
  /** The refresh token. @default none */
  refreshToken?: string | undefined
  /** Seconds for which the access token is valid; negative for one that has expired. @default 3600 */
  expiresIn?: number | undefined
  /** When the person proved who they are, in seconds since the epoch (`auth_time`). @default now */
  authTime?: number | undefined
  /** How they proved it (`acr`). @default none */
  acr?: string | undefined
  /** Which of several providers signed them in, by its name in the options. @default the only one */
  provider?: string | undefined
  /**
   * Where the session begins, and is taken: one of several base URLs, or one of a pattern. @default all of them that are named; the
   * first, where they have one cookie name
   */
  baseUrl?: string | undefined
}

const optionNames: readonly string[] = [
  'data',
  'scope',
  'accessToken',
  'refreshToken',
  'expiresIn',
  'authTime',
  'acr',
  'provider',
  'baseUrl',
] satisfies readonly (keyof SignedInOptions)[]

/**
 * Refuses a mistyped option, which would otherwise do nothing.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function requireKnownOptions(options: object): void {
  const unknown = Object.keys(options).find((name) => !optionNames.includes(name))
  if (unknown === undefined) return
  const message = `signedIn() has no option "${unknown}": ${suggestion(unknown, optionNames)}`
  throw new ConfigurationError('invalid_options', message)
}
