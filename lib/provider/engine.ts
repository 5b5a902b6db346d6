import type * as OpenidClient from 'openid-client'
import type { ClientAuth, Configuration, CustomFetchOptions, ServerMetadata } from 'openid-client'
import { parseJsonObject } from '../seal/json.js'
import type { Cached } from './cached.js'
import type { IdTokens } from './id-token.js'
import type { Outbound } from './outbound.js'
import type { ClientSettings, ProviderMetadata } from './types.js'

/** openid-client, set up with the metadata of this moment. */
export interface Engine {
  readonly openid: typeof OpenidClient
  readonly configuration: Configuration
  readonly metadata: ProviderMetadata
}

/**
 * Builds the engine on first use, and again when the metadata changes. It never fetches metadata or keys itself.
 *
 * @param idTokens - `undefined` where nobody asks for ID Tokens: what comes all the same is thrown away
 */
export function createEngine(
  client: Pick<ClientSettings, 'clientId' | 'idTokenSigningAlg'>,
  authenticate: ClientAuth,
  cached: Cached<ProviderMetadata>,
  outbound: Outbound,
  idTokens: Pick<IdTokens, 'verify'> | undefined,
): () => Promise<Engine> {
  let built: Engine | undefined
  return async () => {
    const metadata = await cached.get()
    if (built?.metadata === metadata) return built
    // Loaded with the first login: a resource server never needs it.
    const openid = await import('openid-client')
    const configuration = new openid.Configuration(
      serverMetadata(metadata),
      client.clientId,
      {
        id_token_signed_response_alg: client.idTokenSigningAlg,
        // Time is judged once, after the signature and by the platform's clock.
        [openid.clockTolerance]: Number.MAX_SAFE_INTEGER,
      },
      authenticate,
    )
    configuration.timeout = 0 // The deadline is outbound's, and so is the rule which URLs may be plain http.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- meant to stand out; metadata and outbound hold the rule
    openid.allowInsecureRequests(configuration)
    configuration[openid.customFetch] = async (url, options) => {
      const response = await forward(outbound, url, options)
      if (url !== metadata.token_endpoint) return response
      return idTokens === undefined ? withoutIdToken(response) : withVerifiedIdToken(response, idTokens)
    }
    built = { openid, configuration, metadata }
    return built
  }
}

/** Metadata in the type of openid-client. */
export function serverMetadata(metadata: ProviderMetadata): ServerMetadata {
  const server: ServerMetadata = { issuer: metadata.issuer }
  Object.assign(server, metadata)
  return server
}

/** Sends a request of openid-client through the one way out. */
export async function forward(outbound: Outbound, url: string, options: CustomFetchOptions): Promise<Response> {
  const { method, headers, body } = options
  const form = body instanceof URLSearchParams || typeof body === 'string' ? body : undefined
  const response = await outbound.request(url, { method, headers, body: form })
  // A challenge would hide the JSON error beside it, which says more (RFC 6749 section 5.2).
  response.headers.delete('www-authenticate')
  return response
}

// openid-client judges claims of an ID Token, never its signature: that comes first, so it gets none unverified.
async function withVerifiedIdToken(response: Response, idTokens: Pick<IdTokens, 'verify'>): Promise<Response> {
  const { status, headers } = response
  const text = await response.text()
  const idToken = status === 200 ? parseJsonObject(text)?.['id_token'] : undefined
  if (typeof idToken === 'string') await idTokens.verify(idToken)
  return new Response(text, { status, headers })
}

// Some providers send one to machines too. Nobody reads it, so that its flaws must not cost the token beside it.
async function withoutIdToken(response: Response): Promise<Response> {
  const { status, headers } = response
  const text = await response.text()
  const body = status === 200 ? parseJsonObject(text) : undefined
  if (body?.['id_token'] === undefined) return new Response(text, { status, headers })
  return new Response(JSON.stringify({ ...body, id_token: undefined }), { status, headers })
}
