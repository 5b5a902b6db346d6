import * as v from 'valibot'
import { text } from '../../options/common/fields.js'
import { parseOptions, section } from '../../options/common/parse.js'
import type { TransmitterOptions } from '../../options/signals/options.js'
import { audience, refreshTokens } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** How to sign in with Google. */
export interface GoogleOptions extends RefreshTokenOptions {
  /**
   * A Google Workspace domain, such as `example.com`, or `*` for any: whose accounts Google's page offers (`hd`). It is a hint:
   * what keeps other accounts out is a guard such as `claim('hd', 'example.com')`.
   *
   * @default none
   */
  hostedDomain?: string | undefined
}

const issuer = 'https://accounts.google.com'
const loginOptions = section({ refreshTokens, hostedDomain: v.optional(text('a domain such as "example.com"')) })
const apiOptions = section({ audience })

/**
 * Google: `oidc({ ...google(), clientId, … })`.
 *
 * @example
 * ```ts
 * import { google } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...google(), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function google(options: GoogleOptions = {}): LoginPreset {
  const parsed = parseOptions('google()', loginOptions, options)
  return {
    issuer,
    authorizationParams: {
      ...(parsed.hostedDomain === undefined ? {} : { hd: parsed.hostedDomain }),
      // Without the page that asks for consent, only the first login of a person brings one.
      ...(parsed.refreshTokens ? { access_type: 'offline', prompt: 'consent' } : {}),
    },
  }
}

/**
 * Identity tokens of service accounts, which call each other on Google Cloud: `bearer(google.api({ audience }))`. Not in a
 * process in which people sign in with Google: Google signs both kinds of tokens alike.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
google.api = (options: ApiOptions): ApiPreset => {
  const { audience: whom } = parseOptions('google.api()', apiOptions, options)
  return { issuer, issuerAliases: ['accounts.google.com'], audience: whom, profile: 'external' }
}

/**
 * Google's Cross-Account Protection, as a transmitter of `signals()`: Google reports when an account was hijacked, disabled, or signed out
 * everywhere. Its API for streams is another one than that of SSF: register the push route as Google's guide says.
 *
 * @see https://developers.google.com/identity/protocols/risc
 */
google.signals = (): TransmitterOptions => ({
  // With a slash at the end, unlike that of ID Tokens.
  issuer: `${issuer}/`,
  subjectIssuer: issuer,
  configurationUrl: `${issuer}/.well-known/risc-configuration`,
  algorithms: ['RS256'],
  profile: 'google',
})
