import { equalSecrets } from '../../base/constant-time.js'
import { importKeySet } from '../../jose/jwk-set.js'
import { decodeJws, verifySignature } from '../../jose/jws.js'
import { secretVerificationKey, type VerificationKey } from '../../jose/algorithms.js'
import type { TestClient } from '../options.js'
import { OAuthError, type ProviderRequest } from './answers.js'
import type { ProviderState } from './state.js'

/** The client's ID, once it has proved who it is: by `client_secret_basic`, `client_secret_post`, an assertion, or its ID alone. */
export function authenticateClient(state: ProviderState, { headers, form }: ProviderRequest): string {
  const { clientId, secret } = basicCredentials(headers.get('authorization')) ?? postedCredentials(form)
  const client = clientOf(state, clientId)
  if (client === undefined) throw new OAuthError('invalid_client', 'this client is unknown', 401)
  if (state.configuration.takesAnyClient) return clientId
  const assertion = form.get('client_assertion')
  if (assertion === null) checkSecret(client, secret)
  else checkAssertion(state, { clientId, client, assertion })
  return clientId
}

function checkSecret({ clientSecret, publicKey }: TestClient, secret: string): void {
  const needsAssertion = publicKey !== undefined && clientSecret === undefined
  if (!needsAssertion && equalSecrets(secret, clientSecret ?? '')) return
  throw new OAuthError('invalid_client', 'the client secret is incorrect or missing', 401)
}

/** A client by its ID. */
export function clientOf({ configuration }: ProviderState, clientId: string): TestClient | undefined {
  if (configuration.takesAnyClient) return clientId === '' ? undefined : {}
  return configuration.clients.get(clientId)
}

interface Credentials {
  readonly clientId: string
  readonly secret: string
}

function postedCredentials(form: URLSearchParams): Credentials {
  const assertion = form.get('client_assertion')
  const clientId = form.get('client_id') ?? (assertion === null ? '' : subjectOf(assertion))
  return { clientId, secret: form.get('client_secret') ?? '' }
}

// RFC 6749 section 2.3.1: both halves are encoded as in a form.
function basicCredentials(header: string | null): Credentials | undefined {
  if (header?.startsWith('Basic ') !== true) return undefined
  const [clientId = '', secret = ''] = Buffer.from(header.slice('Basic '.length), 'base64')
    .toString()
    .split(':')
    .map((half) => decodeURIComponent(half.replaceAll('+', ' ')))
  return { clientId, secret }
}

function subjectOf(assertion: string): string {
  const { sub } = decodeJws(assertion).payload
  return typeof sub === 'string' ? sub : ''
}

interface Asserted {
  readonly clientId: string
  readonly client: TestClient
  readonly assertion: string
}

/** RFC 7523 section 3. */
function checkAssertion({ configuration, clock }: ProviderState, { clientId, client, assertion }: Asserted): void {
  const jws = decodeJws(assertion)
  verifySignature(jws, keysOf(client, jws.header.alg), [jws.header.alg])
  const { iss, sub, aud, exp } = jws.payload
  const audiences = [configuration.issuer, `${configuration.issuer}/token`]
  const isForUs = [aud].flat().some((each) => audiences.some((audience) => audience === each))
  if (iss === clientId && sub === clientId && isForUs && typeof exp === 'number' && exp > clock.seconds) return
  throw new OAuthError('invalid_client', 'the client assertion is invalid', 401)
}

function keysOf({ clientSecret, publicKey }: TestClient, alg: string): readonly VerificationKey[] {
  if (alg.startsWith('HS')) return clientSecret === undefined ? [] : [secretVerificationKey(clientSecret, alg)]
  const keys = publicKey === undefined ? undefined : importKeySet({ keys: [publicKey] })
  return [...(keys?.keys.get(alg)?.values() ?? [])].flat()
}
