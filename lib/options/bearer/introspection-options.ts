import type { CredentialOptions, MethodFor } from '../common/client-authentication.js'
import type { DecryptionKeyOption } from '../common/private-key.js'
import type { AsymmetricAlgorithm, Audience } from './issuer-options.js'

/** Client authentication methods for the introspection endpoint. */
export type IntrospectionAuthentication = MethodFor<'introspection'>

/**
 * How opaque tokens are validated: by the authorization server's introspection endpoint. With `tls`, the certificate is presented
 * to that authorization server only.
 *
 * @example
 * ```ts
 * bearer({ issuer, audience: 'https://api.example.com', introspection: { clientId, clientSecret, cacheSeconds: 10 } })
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2
 */
export interface IntrospectionOptions extends CredentialOptions<IntrospectionAuthentication> {
  /** This API's own client ID at the authorization server. */
  clientId: string
  /** The issuer whose endpoint is used. Required with several issuers. @default the only issuer */
  issuer?: string | undefined
  /** Audiences, of which an introspected token must name one. `null` accepts tokens for anyone. @default `audience` of `bearer()` */
  audience?: Audience | undefined
  /** Requests signed responses (RFC 9701) with this algorithm, and refuses others. @default unsigned responses */
  signedResponseAlg?: AsymmetricAlgorithm | undefined
  /**
   * Requests responses that are encrypted as well as signed (RFC 9701), and refuses others. Needs `signedResponseAlg`.
   *
   * @default responses that are not encrypted
   */
  decryptionKeys?: readonly DecryptionKeyOption[] | undefined
  /** Seconds that a response is cached, 0 to 60, never past `exp`. A revoked token is accepted for that long. @default 30 */
  cacheSeconds?: number | undefined
}
