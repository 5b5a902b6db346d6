import * as v from 'valibot'
import { asymmetricAlgorithms } from '../common/algorithms.js'
import { algorithmList } from './keys.js'
import type { AsymmetricAlgorithm } from './issuer-options.js'
import { flag, httpUrl, isAllowedUrl, text } from '../common/fields.js'
import { httpEntries, usesHttps } from '../common/http-client.js'
import { parseOptions, section } from '../common/parse.js'

/**
 * Metadata of a protected resource.
 *
 * @example
 * ```ts
 * import type { ResourceMetadataOptions } from 'express-oidc'
 *
 * const metadata: ResourceMetadataOptions = {
 *   resource: 'https://api.example.com',
 *   authorizationServers: ['https://id.example.com'],
 *   scopes: ['orders:read'],
 * }
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-2
 */
export interface ResourceMetadataOptions {
  /** The resource's identifier: its URL as clients know it, usually also the `audience` of its tokens. */
  resource: string
  /** Issuers whose tokens are accepted. */
  authorizationServers: readonly string[]
  /** Scopes that clients may request. @default none named */
  scopes?: readonly string[] | undefined
  /** Name of the resource, for people. @default none */
  name?: string | undefined
  /** URL of a page for developers. @default none */
  documentation?: string | undefined
  /** Whether tokens must be DPoP-bound (`dpop: 'required'` of `bearer()`). @default not said */
  dpopRequired?: boolean | undefined
  /** Algorithms of DPoP proofs. Leave it out if DPoP is not supported. @default none */
  dpopAlgorithms?: readonly AsymmetricAlgorithm[] | undefined
  /** Whether tokens are bound to client certificates. @default not said */
  certificateBound?: boolean | undefined
  /** Further members of the document. Where one has an option as well, the option counts if it is given. @default none */
  members?: Readonly<Record<string, unknown>> | undefined
  /**
   * Whether the document is also published at the root, `/.well-known/oauth-protected-resource`, where some clients look
   * first. Only for the one resource of an origin that stands for it. @default false
   */
  atRoot?: boolean | undefined
  /**
   * Whether metadata of the first authorization server is also published at `/.well-known/oauth-authorization-server` of this origin,
   * where MCP clients of the protocol version 2025-03-26 look for it. @default false
   */
  mirrorAuthorizationServer?: boolean | undefined
  /** Makes the requests for that metadata. @default `node:https` with keep-alive */
  fetch?: typeof fetch | undefined
  /** Deadline of such a request, in seconds. @default 5 */
  httpTimeoutSeconds?: number | undefined
  /** Allows plain http for hosts that are not on loopback. @default false */
  dangerouslyAllowHttp?: boolean | undefined
}

/** The checks of the options of `resourceMetadata()`. */
export const schema = v.pipe(
  section({
    resource: httpUrl("this resource's URL"),
    authorizationServers: v.pipe(
      v.array(httpUrl('an issuer'), 'must be a list of issuers'),
      v.minLength(1, 'must name at least one issuer'),
      v.description('a list of issuers'),
    ),
    scopes: v.optional(v.array(v.pipe(text('a scope'), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope')))),
    name: v.optional(text('a name for people')),
    documentation: v.optional(httpUrl('a URL of a page')),
    dpopRequired: v.optional(flag),
    dpopAlgorithms: v.optional(algorithmList(asymmetricAlgorithms)),
    certificateBound: v.optional(flag),
    members: v.optional(
      v.pipe(
        v.record(v.string(), v.unknown()),
        v.transform((members) => structuredClone(members)),
      ),
      {},
    ),
    atRoot: v.optional(flag, false),
    mirrorAuthorizationServer: v.optional(flag, false),
    ...httpEntries,
  }),
  usesHttps(({ resource, authorizationServers }) => ({ resource, authorizationServers }), isAllowedUrl),
)

/** The checked and frozen options of `resourceMetadata()`. */
export type ResourceMetadataConfiguration = v.InferOutput<typeof schema>

/**
 * Checks the options of `resourceMetadata()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseResourceMetadataOptions(options: unknown): ResourceMetadataConfiguration {
  return parseOptions('resourceMetadata()', schema, options)
}
