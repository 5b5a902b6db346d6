import { type JsonObject, parseJsonValue } from '../../base/json.js'
import { nowSeconds, type Runtime } from '../../base/runtime.js'
import { ConfigurationError, ProviderError } from '../../errors.js'
import { encryptJwt } from '../../jose/jwe.js'
import { isIssuerTemplate } from '../../options/common/tenants.js'
import type { RequestEncryption } from '../../options/oidc/request/request-object.js'
import { type ClientKey, signClaims } from '../authentication/client-keys.js'
import type { Keys } from '../keys.js'
import type { ClientSettings, ProviderMetadata } from '../types.js'

/** What signs and encrypts the requests of a client. */
export interface RequestObjectParts {
  readonly client: Pick<ClientSettings, 'clientId' | 'clientKeys' | 'requestObject'>
  readonly metadata: ProviderMetadata
  readonly keys: Pick<Keys, 'encryptionKeys'>
  readonly runtime: Runtime
}

// FAPI allows an hour at most. Browsers follow the redirect at once.
const lifetimeSeconds = 300

/**
 * Makes the request object of an authorization request, if the client signs its requests or the provider requires it (RFC 9101):
 * a JWT with all parameters, for this issuer only, signed and, if that was agreed, encrypted.
 *
 * @returns `undefined` for a request that is not signed
 * @throws {ConfigurationError} `invalid_options` for a signature that is required without a key, or that the provider does not verify
 * @throws {ProviderError} if a key has to be fetched, or a function that signs fails
 */
export async function requestObject(
  parameters: URLSearchParams,
  parts: RequestObjectParts,
): Promise<string | undefined> {
  const { client, metadata, runtime } = parts
  const isRequired = metadata['require_signed_request_object'] === true
  if (client.requestObject === undefined && !isRequired) return undefined
  const key = signingKeyOf(client, metadata)
  const iat = nowSeconds(runtime)
  const signed = await signClaims(key, 'oauth-authz-req+jwt', {
    ...claimsOf(parameters),
    client_id: client.clientId,
    iss: client.clientId,
    aud: audienceOf(metadata),
    iat,
    nbf: iat,
    exp: iat + lifetimeSeconds,
    jti: runtime.randomBytes(32).toString('base64url'),
  })
  const { encryption } = client.requestObject ?? {}
  return encryption === undefined ? signed : encrypt(signed, encryption, parts)
}

// A template of issuers does not name a server.
function audienceOf({ issuer, token_endpoint: endpoint = issuer }: ProviderMetadata): string {
  return isIssuerTemplate(issuer) ? endpoint : issuer
}

function signingKeyOf({ clientKeys }: RequestObjectParts['client'], metadata: ProviderMetadata): ClientKey {
  if (clientKeys === undefined) {
    const message = 'the provider requires signed requests ("require_signed_request_object"): give "clientKeys"'
    throw new ConfigurationError('invalid_options', message)
  }
  const { current: key } = clientKeys
  const listed = metadata['request_object_signing_alg_values_supported']
  if (!Array.isArray(listed) || listed.includes(key.alg)) return key
  const message = `the provider does not accept requests signed with ${key.alg}: give "alg" of "clientKeys.current", one of ${listed.join(', ')}`
  throw new ConfigurationError('invalid_options', message)
}

/** Parameters with a value of another type than text (OpenID Connect Core section 6.1, RFC 9396 section 3). */
const typed: readonly string[] = ['max_age', 'claims', 'authorization_details']

function claimsOf(parameters: URLSearchParams): JsonObject {
  const names = [...new Set(parameters.keys())]
  return Object.fromEntries(names.map((name) => [name, valueOf(name, parameters.getAll(name))]))
}

function valueOf(name: string, values: readonly string[]): unknown {
  const [value = '', ...others] = values
  if (others.length > 0) return values
  return typed.includes(name) ? (parseJsonValue(value) ?? value) : value
}

// What a provider expects where nothing else was registered (OpenID Connect Registration section 2).
const defaultEncryption = 'A128CBC-HS256'

async function encrypt(signed: string, { alg, enc = defaultEncryption }: RequestEncryption, parts: RequestObjectParts) {
  const encrypted = await encryptJwt(signed, await parts.keys.encryptionKeys(), { alg, enc })
  if (encrypted !== undefined) return encrypted
  const message = `the provider publishes no key for encryption${alg === undefined ? '' : ` with ${alg}`}: leave "requestObject.encryption" out, or correct its "alg"`
  throw new ProviderError('provider_keys_invalid', message)
}
