import * as v from 'valibot'
import { text } from '../../options/common/fields.js'
import { parseOptions, section } from '../../options/common/parse.js'
import { audience, host, refreshTokens, scopes } from '../common/fields.js'
import type { ApiOptions, ApiPreset, LoginPreset, RefreshTokenOptions } from '../common/presets.js'

/** Which tenant of Auth0. */
export interface Auth0Options {
  /** The tenant's domain, or its custom domain, such as `example.eu.auth0.com`. */
  domain: string
}

/** How to sign in with Auth0. */
export interface Auth0LoginOptions extends Auth0Options, RefreshTokenOptions {
  /** Identifier of the API that access tokens shall be for. Without one they are opaque, and open `/userinfo` only. @default none */
  audience?: string | undefined
}

const place = { domain: host('example.eu.auth0.com') }
const loginOptions = section({ ...place, refreshTokens, audience: v.optional(text("an API's identifier")) })
const apiOptions = section({ ...place, audience })

/**
 * A tenant of Auth0: `oidc({ ...auth0({ domain }), clientId, … })`.
 *
 * @example
 * ```ts
 * import { auth0 } from 'express-oidc/providers'
 *
 * app.use(oidc({ ...auth0({ domain: 'example.eu.auth0.com' }), clientId, clientSecret, baseUrl, secret }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function auth0(options: Auth0LoginOptions): LoginPreset {
  const parsed = parseOptions('auth0()', loginOptions, options)
  return {
    issuer: issuerOf(parsed),
    ...scopes(parsed.refreshTokens, 'offline_access'),
    ...(parsed.audience === undefined ? {} : { authorizationParams: { audience: parsed.audience } }),
  }
}

/**
 * Access tokens for an API of Auth0, in either of its dialects: `bearer(auth0.api({ domain, audience }))`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
auth0.api = (options: Auth0Options & ApiOptions): ApiPreset => {
  const parsed = parseOptions('auth0.api()', apiOptions, options)
  return { issuer: issuerOf(parsed), audience: parsed.audience, profile: 'jwt' }
}

// Auth0 spells it with a slash.
function issuerOf({ domain }: { readonly domain: string }): string {
  return `https://${domain}/`
}
