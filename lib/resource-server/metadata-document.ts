import type { ResourceMetadataConfiguration } from '../options/bearer/resource-metadata.js'

/** A protected resource's metadata, and where it is published. */
interface MetadataDocument {
  /** The absolute URL, as sent in challenges. */
  readonly url: string
  /** The path of `url`. */
  readonly path: string
  /** JSON. */
  readonly body: string
}

const wellKnown = '/.well-known/oauth-protected-resource'

/**
 * Builds the metadata document. Its path is the well-known path followed by the resource's own (RFC 9728 sections 2 and
 * 3.1).
 */
export function metadataDocument(configuration: ResourceMetadataConfiguration): MetadataDocument {
  const { origin, pathname } = new URL(configuration.resource)
  const path = wellKnown + pathname.replace(/\/$/, '')
  const { dpopAlgorithms, dpopRequired, certificateBound } = configuration
  const members = {
    ...configuration.members,
    resource: configuration.resource,
    authorization_servers: configuration.authorizationServers,
    scopes_supported: configuration.scopes,
    bearer_methods_supported: ['header'],
    resource_name: configuration.name,
    resource_documentation: configuration.documentation,
    dpop_signing_alg_values_supported: dpopAlgorithms,
    dpop_bound_access_tokens_required: dpopRequired,
    tls_client_certificate_bound_access_tokens: certificateBound,
  }
  return { url: origin + path, path, body: JSON.stringify(members) }
}
