import { parseOptions, section } from '../../options/common/parse.js'
import { audience, refreshTokens, scopes, segment, serverUrl } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Where an application of authentik is. */
export interface AuthentikOptions {
  /** Where browsers reach authentik, such as `https://login.example.com`. */
  url: string
  /** The application's slug. */
  application: string
}

const place = { url: serverUrl('https://login.example.com'), application: segment("an application's slug") }
const loginOptions = section({ ...place, refreshTokens })
const apiOptions = section({ ...place, audience })

/**
 * An application of authentik whose provider has the issuer mode "Each provider has a different issuer", which is the default:
 * `oidc({ ...authentik({ url, application }), clientId, … })`.
 *
 * @example
 * ```ts
 * import { authentik } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...authentik({ url: 'https://login.example.com', application: 'my-app' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function authentik(options: AuthentikOptions & RefreshTokenOptions): LoginPreset {
  const parsed = parseOptions('authentik()', loginOptions, options)
  return { issuer: issuerOf(parsed), ...scopes(parsed.refreshTokens, 'offline_access') }
}

/**
 * The access tokens of an application: `bearer(authentik.api({ url, application, audience }))`. Their `aud` is the client ID
 * of the application that they were issued to.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
authentik.api = (options: AuthentikOptions & ApiOptions): ApiPreset => {
  const parsed = parseOptions('authentik.api()', apiOptions, options)
  return { issuer: issuerOf(parsed), audience: parsed.audience, profile: 'jwt' }
}

function issuerOf({ url, application }: { readonly url: string; readonly application: string }): string {
  return `${url}/application/o/${application}/`
}
