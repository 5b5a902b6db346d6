import type * as OpenidClient from 'openid-client'
import type { ClientAuth, Configuration } from 'openid-client'
import type { ProviderErrorReport } from '../../error-details.js'
import { ConfigurationError, ProviderError } from '../../errors.js'
import { isRecent } from '../../base/age.js'
import { redactedCause } from '../../base/error-cause.js'
import type { Runtime } from '../../base/runtime.js'
import { traced } from '../../base/diagnostics.js'
import { type JsonObject, parseStrictJson } from '../../base/json.js'
import type { Cached } from '../../base/cache/cached-document.js'
import { createCurrentAuthentication } from '../authentication/client-authentication.js'
import { forward, serverMetadata, toResponse } from '../openid-client.js'
import { tokenEndpointFailure } from '../errors.js'
import { importDecryptionKeys } from '../../jose/decryption-key.js'
import type { DecryptionKeyOption } from '../../options/common/private-key.js'
import { decodeJws } from '../../jose/jws.js'
import type { Keys } from '../keys.js'
import { endpointOf } from '../metadata.js'
import type { HttpClient } from '../transport/http-client.js'
import type { HttpResponse } from '../transport/response.js'
import { type Decrypt, createDecryption } from '../tokens/decryption.js'
import { createSignatureVerifier } from '../tokens/signature.js'
import type { ClientIdentity, ProviderMetadata } from '../types.js'

/** The client that introspects, and the required form of the response. */
interface IntrospectionClient extends ClientIdentity {
  /** Requires responses that are signed with this algorithm (RFC 9701). */
  readonly signedResponseAlg?: string | undefined
  /** Requires responses that are encrypted for one of these keys, and signed inside. */
  readonly decryptionKeys?: readonly DecryptionKeyOption[] | undefined
}

/** How one authorization server is reached. */
interface IntrospectionParts {
  readonly issuer: string
  readonly metadata: Cached<ProviderMetadata>
  readonly httpClient: HttpClient
  readonly keys: Keys
  readonly runtime: Runtime
}

/** How signed responses are read. */
interface ResponseFormat extends Pick<IntrospectionClient, 'signedResponseAlg'> {
  readonly decrypt: Decrypt
}

/** Introspects one token. The caller has to check the response's members. */
export type Introspect = (token: string) => Promise<Readonly<JsonObject>>

const signedContentType = 'application/token-introspection+jwt'
const maxSignedBytes = 65_536
// A response is made for this request, so an old one is a replay.
const freshSeconds = 60

/**
 * Creates a function that introspects tokens at the authorization server (RFC 7662, RFC 9701).
 *
 * @returns a function that rejects with {@link ProviderError} for any invalid response, and if the server rejects this
 *   client
 * @throws {ConfigurationError} `invalid_options` for a method whose credential is missing or unusable
 */
export function createIntrospection(client: IntrospectionClient, parts: IntrospectionParts): Introspect {
  const authenticate = createCurrentAuthentication(client, parts.runtime)
  const format = { signedResponseAlg: client.signedResponseAlg, decrypt: decryptionOf(client) }
  let built: { readonly metadata: ProviderMetadata; readonly configuration: Configuration } | undefined
  const ask: Introspect = async (token) => {
    await endpointOf(parts.metadata, 'introspection_endpoint')
    const metadata = await parts.metadata.get()
    // Loaded with the first opaque token: an API that accepts only JWTs never needs it.
    const openid = await import('openid-client')
    if (built?.metadata !== metadata) {
      built = { metadata, configuration: configure(openid, metadata, { ...client, ...format }, parts, authenticate) }
    }
    const answer = await openid
      .tokenIntrospection(built.configuration, token, { token_type_hint: 'access_token' })
      .catch((error: unknown) => {
        throw introspectionFailure(error)
      })
    const claims = parseStrictJson(Buffer.from(JSON.stringify(answer)))
    if (claims === undefined) throw invalid('is not a valid JSON object')
    return claims
  }
  const context = { issuer: parts.issuer, clientId: client.clientId }
  return (token) => traced('introspection', context, () => ask(token))
}

function configure(
  openid: typeof OpenidClient,
  metadata: ProviderMetadata,
  client: IntrospectionClient & ResponseFormat,
  parts: IntrospectionParts,
  authenticate: ClientAuth,
): Configuration {
  const configuration = new openid.Configuration(
    withIntrospectionMethods(metadata),
    client.clientId,
    {
      // Times are checked here, with the injected clock.
      [openid.clockTolerance]: Number.MAX_SAFE_INTEGER,
      ...(client.signedResponseAlg === undefined
        ? {}
        : { introspection_signed_response_alg: client.signedResponseAlg }),
    },
    authenticate,
  )
  configuration.timeout = 0 // The HTTP client sets the deadline, and decides which URLs may be plain http.
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- meant to stand out; metadata and the HTTP client hold the rule
  openid.allowInsecureRequests(configuration)
  configuration[openid.customFetch] = async (url, options) => {
    const answer = await forward(parts.httpClient, url, options, { isByAnyone: true })
    const signed = answer.status === 200 ? await signedResponse(answer, client, parts) : undefined
    // openid-client requires this exact spelling.
    return toResponse(answer, options, signed === undefined ? {} : { contentType: signedContentType, text: signed })
  }
  return configuration
}

// Servers may list separate methods for this endpoint (RFC 8414 section 2).
function withIntrospectionMethods(metadata: ProviderMetadata): ReturnType<typeof serverMetadata> {
  const methods = metadata['introspection_endpoint_auth_methods_supported']
  if (methods === undefined) return serverMetadata(metadata)
  return serverMetadata({ ...metadata, token_endpoint_auth_methods_supported: methods })
}

// openid-client checks iss, aud and typ of a signed response, but not its signature, which is checked first here. Nor does it
// reject an unsigned response when a signed one is required.
async function signedResponse(
  answer: HttpResponse,
  { signedResponseAlg, decrypt }: ResponseFormat,
  { keys, runtime }: IntrospectionParts,
): Promise<string | undefined> {
  const isSigned = /^application\/token-introspection\+jwt\s*(;|$)/i.test(answer.header('content-type') ?? '')
  if (isSigned !== (signedResponseAlg !== undefined)) throw invalid(isSigned ? 'is signed' : 'is not signed')
  if (signedResponseAlg === undefined) return undefined
  const signed = await decrypt(answer.text)
  const jws = decodeJws(signed, { maxBytes: maxSignedBytes })
  await createSignatureVerifier(
    {
      token: 'introspection response',
      algorithms: signedResponseAlg,
      option: 'signedResponseAlg',
      clientSecret: undefined,
      from: 'provider',
    },
    keys,
  )(jws)
  const { iat } = jws.payload
  if (!isRecent(iat, runtime.now() / 1000, freshSeconds, freshSeconds)) throw invalid('is too old, or from the future')
  return signed
}

function decryptionOf({ decryptionKeys = [] }: IntrospectionClient): Decrypt {
  const option = 'introspection.decryptionKeys'
  return createDecryption({
    token: 'introspection response',
    keys: importDecryptionKeys(option, decryptionKeys),
    option,
    isRequired: decryptionKeys.length > 0,
    registration: 'introspection_encrypted_response_alg',
    maxBytes: maxSignedBytes,
  })
}

// A failure between the two servers, or of this API's own credentials, is never the fault of the caller's token.
function introspectionFailure(error: unknown): ProviderError | ConfigurationError {
  const failure = tokenEndpointFailure(error)
  if (failure instanceof ProviderError || failure instanceof ConfigurationError) return failure
  const { provider } = failure
  return invalid(provider?.error === undefined ? 'cannot be used' : `is an error: ${provider.error}`, error, provider)
}

function invalid(why: string, error?: unknown, provider?: ProviderErrorReport): ProviderError {
  const message = `the introspection response ${why}`
  return new ProviderError('provider_response_invalid', message, { cause: redactedCause(error), provider })
}
