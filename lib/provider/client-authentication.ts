import type { ClientAuth } from 'openid-client'
import { ConfigurationError } from '../errors.js'
import type { Runtime } from '../base/runtime.js'
import { type SigningKey, importSigningKey, signJws } from '../jose/signing-key.js'
import type { ClientAuthenticationMethod, ClientSettings } from './types.js'

// Servers allow some minutes at most, and each attempt gets a new one.
const assertionSeconds = 60

/**
 * Makes the client's authentication at the token endpoint and its siblings (OpenID Connect Core section 9).
 *
 * @throws {ConfigurationError} `invalid_options` for a method whose credential is missing or unusable
 */
export function createClientAuthentication(client: ClientSettings, runtime: Runtime): ClientAuth {
  const credentials = {
    secret: client.clientSecret,
    key: assertionKeyOf(client),
  }
  if (client.clientAuthentication !== undefined) requireCredential(client.clientAuthentication, credentials)
  return (metadata, _client, body, headers) => {
    const method =
      client.clientAuthentication ?? bestMethod(credentials, metadata.token_endpoint_auth_methods_supported)
    const { secret = '', key } = credentials
    if (method === 'client_secret_basic') {
      headers.set('authorization', basicCredentials(client.clientId, secret))
      return
    }
    body.set('client_id', client.clientId)
    if (method === 'client_secret_post') body.set('client_secret', secret)
    if (method === 'private_key_jwt' && key !== undefined) {
      body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      body.set('client_assertion', clientAssertion(key, client.clientId, metadata.issuer, runtime))
    }
  }
}

interface Credentials {
  readonly secret: string | undefined
  readonly key: SigningKey | undefined
}

function assertionKeyOf({ clientAssertionKey: key, clientAssertionAlg: alg }: ClientSettings): SigningKey | undefined {
  return key === undefined ? undefined : importSigningKey({ option: 'clientAssertionKey', key, alg })
}

function requireCredential(method: ClientAuthenticationMethod, { secret, key }: Credentials): void {
  const missing = method === 'private_key_jwt' ? key === undefined : method !== 'none' && secret === undefined
  if (!missing) return
  const name = method === 'private_key_jwt' ? 'clientAssertionKey' : 'clientSecret'
  throw new ConfigurationError('invalid_options', `${method} needs ${name}`)
}

/** The best method that the metadata and the credentials allow; metadata that is silent means `client_secret_basic`. */
export function bestMethod({ secret, key }: Credentials, listed: unknown): ClientAuthenticationMethod {
  const supports = (method: ClientAuthenticationMethod) => !Array.isArray(listed) || listed.includes(method)
  if (key !== undefined && (secret === undefined || supports('private_key_jwt'))) return 'private_key_jwt'
  if (secret === undefined) return 'none'
  return supports('client_secret_basic') || !supports('client_secret_post')
    ? 'client_secret_basic'
    : 'client_secret_post'
}

// Both halves are form-encoded first (RFC 6749 section 2.3.1). This encoding leaves "-", "_" and ".", which servers
// that do not decode need to see as they are, and which the others decode to themselves.
function basicCredentials(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${formEncode(clientId)}:${formEncode(secret)}`).toString('base64')}`
}

function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}

// aud is the issuer as a plain string: with a list, or another endpoint's URL, one server could use it at another.
function clientAssertion(key: SigningKey, clientId: string, issuer: string, runtime: Runtime): string {
  const iat = Math.floor(runtime.now() / 1000)
  const jti = runtime.randomBytes(32).toString('base64url')
  const header = { typ: 'JWT', ...(key.kid === undefined ? {} : { kid: key.kid }) }
  return signJws(key, header, { iss: clientId, sub: clientId, aud: issuer, jti, iat, exp: iat + assertionSeconds })
}

/**
 * Makes the client's authentication, with the credentials of the moment where they are looked up.
 *
 * @throws {ConfigurationError} `invalid_options` for a method whose credential is missing or unusable
 */
export function createCurrentAuthentication(client: ClientSettings, runtime: Runtime): ClientAuth {
  const { currentCredentials } = client
  if (currentCredentials === undefined) return createClientAuthentication(client, runtime)
  return async (...request) => {
    const current = { ...client, ...(await currentCredentials()) }
    createClientAuthentication(current, runtime)(...request)
  }
}
