import { ConfigurationError } from '../errors.js'

/** The options of `oidc()` that `optionsFromEnv()` reads. */
export interface EnvironmentOptions {
  /** `ISSUER`. */
  issuer: string
  /** `CLIENT_ID`. */
  clientId: string
  /** `CLIENT_SECRET`, if it is set. @default none: a public client */
  clientSecret?: string
  /** `BASE_URL`. */
  baseUrl: string
  /** `SESSION_SECRET`, split at white space. */
  secret: string[]
}

const required = ['ISSUER', 'CLIENT_ID', 'BASE_URL', 'SESSION_SECRET'] as const

/** A variable that `optionsFromEnv()` needs. */
export type RequiredVariable = (typeof required)[number]

/**
 * Reads options of `oidc()` from the environment: `ISSUER`, `CLIENT_ID`, `BASE_URL`, `SESSION_SECRET` (one secret, or several
 * separated by white space, the newest first), and `CLIENT_SECRET`, which a public client does not have.
 *
 * @example
 * ```ts
 * app.use(oidc({ ...optionsFromEnv(), scope: 'openid profile' }))
 * ```
 *
 * @param env - variables by name. Default: `process.env`
 * @throws {ConfigurationError} `missing_environment`. The message lists every missing variable.
 */
export function optionsFromEnv(env: Readonly<Record<string, string | undefined>> = process.env): EnvironmentOptions {
  const missing = missingVariables(env)
  if (missing.length > 0) {
    throw new ConfigurationError(
      'missing_environment',
      `optionsFromEnv(): set ${missing.join(', ')} in the environment (${missing.length} of ${required.length} required variables missing)`,
    )
  }
  return readVariables(env)
}

/** The names of the required variables that are not set. */
export function missingVariables(
  env: Readonly<Record<string, string | undefined>> = process.env,
): readonly RequiredVariable[] {
  return required.filter((name) => !env[name]?.trim())
}

/** The same as `optionsFromEnv()`, with empty options in place of variables that are missing. */
export function readVariables(env: Readonly<Record<string, string | undefined>> = process.env): EnvironmentOptions {
  const read = (name: string): string => (env[name] ?? '').trim()
  return {
    issuer: read('ISSUER'),
    clientId: read('CLIENT_ID'),
    ...(read('CLIENT_SECRET') === '' ? {} : { clientSecret: read('CLIENT_SECRET') }),
    baseUrl: read('BASE_URL'),
    secret: read('SESSION_SECRET').split(/\s+/),
  }
}
