import { ConfigurationError } from '../errors.js'

/** The options that an environment usually holds. */
export interface EnvironmentOptions {
  issuer: string
  clientId: string
  clientSecret?: string
  baseUrl: string
  secret: string[]
}

const required = ['ISSUER', 'CLIENT_ID', 'BASE_URL', 'SESSION_SECRET'] as const

/**
 * Reads `ISSUER`, `CLIENT_ID`, `CLIENT_SECRET`, `BASE_URL` and `SESSION_SECRET` (several secrets separated by white space,
 * the newest first) for `oidc({ ...optionsFromEnv() })`. `CLIENT_SECRET` may be absent: a public client has none.
 *
 * @param env Defaults to the environment of the process.
 * @throws {ConfigurationError} `missing_environment`, naming every variable that is missing.
 */
export function optionsFromEnv(env: Readonly<Record<string, string | undefined>> = process.env): EnvironmentOptions {
  const missing = required.filter((name) => !env[name]?.trim())
  if (missing.length > 0) {
    throw new ConfigurationError(
      'missing_environment',
      `optionsFromEnv(): set ${missing.join(', ')} in the environment (${missing.length} of ${required.length} required variables missing)`,
    )
  }
  const read = (name: string): string => (env[name] ?? '').trim()
  return {
    issuer: read('ISSUER'),
    clientId: read('CLIENT_ID'),
    ...(read('CLIENT_SECRET') === '' ? {} : { clientSecret: read('CLIENT_SECRET') }),
    baseUrl: read('BASE_URL'),
    secret: read('SESSION_SECRET').split(/\s+/),
  }
}
