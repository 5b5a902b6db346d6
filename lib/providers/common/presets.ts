import type { Audience, SharedAudienceOptions } from '../../options/bearer/issuer-options.js'
import type { CommonBearerOptions } from '../../options/bearer/options.js'
import type { OidcOptions } from '../../options/oidc/options.js'

/** Options of `oidc()` that a preset sets for its provider. Options after it replace them. */
export type LoginPreset = Pick<
  OidcOptions,
  | 'issuer'
  | 'scope'
  | 'authorizationParams'
  | 'discoveryUrl'
  | 'idTokenAudiences'
  | 'issuerAliases'
  | 'logout'
  | 'metadata'
  | 'tenants'
>

/** Options of `bearer()` that a preset sets for its provider's access tokens. Options after it replace them. */
export type ApiPreset = Pick<CommonBearerOptions, 'profile'> &
  Pick<SharedAudienceOptions, 'subject' | 'clients' | 'issuerAliases' | 'discoveryUrl'> & {
    issuer: string
    audience: Audience
  }

/** Options of presets that can request refresh tokens. */
export interface RefreshTokenOptions {
  /** Whether to request a refresh token, in this provider's way. @default false */
  refreshTokens?: boolean | undefined
}

/** Which access tokens an API accepts. */
export interface ApiOptions {
  /** Audiences, of which a token must name one in `aud`. */
  audience: string | readonly string[]
}
