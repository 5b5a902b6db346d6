import { X509Certificate } from 'node:crypto'
import type { ClientAuth, ServerMetadata } from 'openid-client'
import { isOidcError } from '../../base/error-cause.js'
import { type JsonObject, omitUndefined } from '../../base/json.js'
import { outage } from '../../base/outage.js'
import { isIssuerTemplate } from '../../options/common/tenants.js'
import { ConfigurationError } from '../../errors.js'
import { nowSeconds, type Runtime } from '../../base/runtime.js'
import { importSigningKey, signatureOf } from '../../jose/signing-key.js'
import { type ClientAuthenticationMethod, missingCredential } from '../../options/common/client-authentication.js'
import { type ClientKey, certificateHashes, signClaims } from './client-keys.js'
import type { ClientIdentity } from '../types.js'

// Short, since servers accept a few minutes at most, and each request has a new assertion.
const assertionSeconds = 60

/** Adds what proves who the client is to a request: openid-client waits for it, though its type does not say so. */
type Authenticate = (...request: Parameters<ClientAuth>) => void | Promise<void>

/** A client, its credentials ready for use. */
interface Client {
  readonly clientId: string
  /** Empty if there is none. */
  readonly secret: string
  readonly key: ClientKey | undefined
  readonly audience: string | undefined
  /** A ready-made assertion. */
  readonly assertion: string | undefined
  readonly assertionType: string
  readonly runtime: Runtime
}

/** How each method is carried out. A credential that a method needs is there: {@link createClientAuthentication} has seen it. */
const methods: Readonly<Record<ClientAuthenticationMethod, (client: Client) => Authenticate>> = {
  client_secret_basic:
    ({ clientId, secret }) =>
    (_metadata, _client, _body, headers) =>
      headers.set('authorization', basicCredentials(clientId, secret)),
  client_secret_post:
    ({ clientId, secret }) =>
    (_metadata, _client, body) => {
      body.set('client_id', clientId)
      body.set('client_secret', secret)
    },
  client_secret_jwt: (client) => {
    const { secret } = client
    return async (metadata, ...request) => {
      const { ClientSecretJwt, modifyAssertion } = await import('openid-client')
      const setAudience = (_header: object, payload: JsonObject): void => {
        payload['aud'] = audienceOf(client, metadata)
      }
      const authenticate: Authenticate = ClientSecretJwt(secret, { [modifyAssertion]: setAudience })
      await authenticate(metadata, ...request)
    }
  },
  private_key_jwt: (client) => async (metadata, _client, body) => {
    body.set('client_id', client.clientId)
    body.set('client_assertion_type', `urn:ietf:params:oauth:client-assertion-type:${client.assertionType}`)
    body.set('client_assertion', client.assertion ?? (await clientAssertion(client, audienceOf(client, metadata))))
  },
  tls_client_auth: byIdOnly,
  self_signed_tls_client_auth: byIdOnly,
  none: byIdOnly,
}

function byIdOnly({ clientId }: Client): Authenticate {
  return (_metadata, _client, body) => body.set('client_id', clientId)
}

/**
 * Creates the client authentication for the token endpoint, and for the other endpoints that require it (OpenID Connect
 * Core section 9).
 *
 * @throws {ConfigurationError} `invalid_options` for a method whose credential is missing or unusable
 */
export function createClientAuthentication(identity: ClientIdentity, runtime: Runtime): Authenticate {
  const { clientId, clientSecret: secret, clientAuthentication: method } = identity
  const missing = missingCredential(identity)
  if (missing !== undefined) throw new ConfigurationError('invalid_options', `${String(method)} needs ${missing}`)
  const { clientAssertion: assertion, clientAssertionType: assertionType = 'jwt-bearer' } = identity
  const { clientAssertionAudience: audience } = identity
  const key = identity.clientKeys?.current ?? assertionKeyOf(identity)
  const client = { clientId, secret: secret ?? '', key, audience, assertion, assertionType, runtime }
  if (method !== undefined) return methods[method](client)
  return (metadata, ...request) => {
    const best = bestMethod({ secret, key, assertion }, metadata.token_endpoint_auth_methods_supported)
    return methods[best](client)(metadata, ...request)
  }
}

// A template of issuers does not name a server.
function audienceOf({ audience }: Client, { issuer, token_endpoint: endpoint = issuer }: ServerMetadata): string {
  const named = audience ?? (isIssuerTemplate(issuer) ? 'token_endpoint' : 'issuer')
  if (named === 'issuer') return issuer
  return named === 'token_endpoint' ? endpoint : named
}

function assertionKeyOf(identity: ClientIdentity): ClientKey | undefined {
  const { clientAssertionKey, clientAssertionAlg: alg, clientAssertionCertificate: pem } = identity
  if (clientAssertionKey === undefined) return undefined
  const key = importSigningKey({ option: 'clientAssertionKey', key: clientAssertionKey, alg })
  const kid = identity.clientAssertionKid ?? key.kid
  const header = {
    ...omitUndefined({ kid }),
    ...certificateHashes(pem === undefined ? undefined : new X509Certificate(pem)),
  }
  return { alg: key.alg, header, sign: (input) => signatureOf(key, input) }
}

/**
 * The best method that metadata and credentials allow. If the metadata does not list methods, `client_secret_basic` is
 * the default.
 */
function bestMethod(
  { secret, key, assertion }: Pick<Client, 'key' | 'assertion'> & { readonly secret: string | undefined },
  listed: unknown,
): ClientAuthenticationMethod {
  if (assertion !== undefined) return 'private_key_jwt'
  const supports = (method: ClientAuthenticationMethod) => !Array.isArray(listed) || listed.includes(method)
  if (key !== undefined && (secret === undefined || supports('private_key_jwt'))) return 'private_key_jwt'
  if (secret === undefined) return 'none'
  return supports('client_secret_basic') || !supports('client_secret_post')
    ? 'client_secret_basic'
    : 'client_secret_post'
}

// Client ID and secret are form-encoded first (RFC 6749 section 2.3.1). This encoding leaves "-", "_" and "." as they
// are: servers that do not decode understand them too.
function basicCredentials(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(secret)}`).toString('base64')}`
}

function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}

// aud is the issuer as a single string. With a list, or an endpoint's URL, one server could use the assertion at
// another.
async function clientAssertion({ key, clientId, runtime }: Client, aud: string): Promise<string> {
  if (key === undefined) throw new ConfigurationError('invalid_options', 'private_key_jwt needs clientAssertionKey')
  const iat = nowSeconds(runtime)
  const jti = runtime.randomBytes(32).toString('base64url')
  return signClaims(key, 'JWT', { iss: clientId, sub: clientId, aud, jti, iat, exp: iat + assertionSeconds })
}

/**
 * Creates the client authentication. If credentials are given as functions, they are looked up for each request.
 *
 * @throws {ConfigurationError} `invalid_options` for a method whose credential is missing or unusable
 */
export function createCurrentAuthentication(client: ClientIdentity, runtime: Runtime): Authenticate {
  const { currentCredentials } = client
  if (currentCredentials === undefined) return createClientAuthentication(client, runtime)
  return async (...request) => {
    const current = { ...client, ...(await currentCredentials()) }
    await usable(() => createClientAuthentication(current, runtime))(...request)
  }
}

// A key that a function returned may be replaced by the next, so one that cannot be used is an outage.
function usable(create: () => Authenticate): Authenticate {
  try {
    return create()
  } catch (error) {
    const why = isOidcError(error) ? error.message : 'they cannot be used'
    throw outage('provider_unavailable', `the credentials that a function returned: ${why}`, undefined, error)
  }
}
