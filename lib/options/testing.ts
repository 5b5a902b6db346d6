import { ConfigurationError } from '../errors.js'

/**
 * Refuses to go on in production: what follows signs people in without a password.
 *
 * @throws {ConfigurationError} `invalid_options` if `NODE_ENV` is `production`
 */
export function requireTesting(what: string): void {
  if (process.env['NODE_ENV'] !== 'production') return
  throw new ConfigurationError(
    'invalid_options',
    `${what} signs people in without a password, so it is for tests and development, and does not run with NODE_ENV=production`,
  )
}
