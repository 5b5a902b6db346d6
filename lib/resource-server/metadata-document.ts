import { omitUndefined } from '../base/json.js'
import type { Runtime } from '../base/runtime.js'
import type { ResourceMetadataConfiguration } from '../options/bearer/resource-metadata.js'
import { createMetadata, noNeeds } from '../provider/metadata.js'
import { providerSettings } from '../provider/settings.js'
import { createHttpClient } from '../provider/transport/http-client.js'

/** A protected resource's metadata, and where it is published. */
interface MetadataDocument {
  /** The absolute URL, as sent in challenges. */
  readonly url: string
  /** The paths that it is published at. */
  readonly paths: readonly string[]
  /** JSON. */
  readonly body: string
}

const wellKnown = '/.well-known/oauth-protected-resource'

/**
 * Builds the metadata document. Its path is the well-known path followed by the resource's own; only the slash after the host is
 * dropped (RFC 9728 sections 2 and 3.1). With another slash at its end, clients may look for it without, too.
 */
export function metadataDocument(configuration: ResourceMetadataConfiguration): MetadataDocument {
  const { origin, pathname } = new URL(configuration.resource)
  const path = wellKnown + (pathname === '/' ? '' : pathname)
  const paths = [path, path.replace(/\/$/, ''), ...(configuration.atRoot ? [wellKnown] : [])]
  const { dpopAlgorithms, dpopRequired, certificateBound } = configuration
  const own = omitUndefined({
    resource: configuration.resource,
    authorization_servers: configuration.authorizationServers,
    scopes_supported: configuration.scopes,
    bearer_methods_supported: ['header'],
    resource_name: configuration.name,
    resource_documentation: configuration.documentation,
    dpop_signing_alg_values_supported: dpopAlgorithms,
    dpop_bound_access_tokens_required: dpopRequired,
    tls_client_certificate_bound_access_tokens: certificateBound,
  })
  return {
    url: origin + path,
    paths: [...new Set(paths)],
    body: JSON.stringify({ ...configuration.members, ...own }),
  }
}

/** Where clients of older MCP versions look for an authorization server's metadata (RFC 8414 section 3). */
export const mirrorPath = '/.well-known/oauth-authorization-server'

/** An authorization server's metadata, to be published by the resource as well. */
export interface MetadataMirror {
  /** The document as JSON. @throws {ProviderError} */
  body(): Promise<string>
  close(): void
}

/** Mirrors the metadata of the first authorization server. Nothing is fetched yet. */
export function createMetadataMirror(configuration: ResourceMetadataConfiguration, runtime: Runtime): MetadataMirror {
  const [issuer = ''] = configuration.authorizationServers
  const settings = { ...providerSettings(configuration, runtime), issuer }
  const httpClient = createHttpClient(settings)
  const metadata = createMetadata(settings, httpClient, noNeeds)
  return {
    body: async () => JSON.stringify(await metadata.get()),
    close: () => {
      for (const part of [metadata, httpClient]) part.close()
    },
  }
}
