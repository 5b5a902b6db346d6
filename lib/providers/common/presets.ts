import type { Audience, SharedAudienceOptions } from '../../options/bearer/issuer-options.js'
import type { CommonBearerOptions } from '../../options/bearer/options.js'
import type { OidcOptions } from '../../options/oidc/options.js'

/** What a preset says of its provider, for `oidc()`: plain options, which the application's own may follow and replace. */
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

/** What a preset says of its provider's access tokens, for `bearer()`: plain options as well. */
export type ApiPreset = Pick<CommonBearerOptions, 'profile'> &
  Pick<SharedAudienceOptions, 'subject' | 'clients' | 'issuerAliases' | 'discoveryUrl'> & {
    issuer: string
    audience: Audience
  }

/** Where a preset can ask for refresh tokens. */
export interface RefreshTokenOptions {
  /** Ask for a refresh token, in the way that this provider has for it. @default false */
  refreshTokens?: boolean | undefined
}

/** Which access tokens an API takes. */
export interface ApiOptions {
  /** Whom the tokens must be meant for: their `aud`. */
  audience: string | readonly string[]
}
