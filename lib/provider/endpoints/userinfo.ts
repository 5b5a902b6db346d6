import { ProviderError, TokenValidationError } from '../../errors.js'
import { type IssuerNames, configuredIssuer } from '../../options/common/provider-description.js'
import { isIssuerTemplate } from '../../options/common/tenants.js'
import { asksForNonce, sendWithNonce } from '../../fetch/dpop.js'
import { redactedCause, ownError } from '../../base/error-cause.js'
import { type JsonObject, parseJsonObject, bareClaims } from '../../base/json.js'
import type { ConfiguredClient } from '../openid-client.js'

import { namesAudience } from '../../jose/claim-rules.js'
import { decodeJws } from '../../jose/jws.js'
import { missingEndpoint } from '../metadata.js'
import type { Decrypt } from '../tokens/decryption.js'
import type { SignatureVerifier } from '../tokens/signature.js'
import { withoutBlanks } from './blank-members.js'
import type { ClientSettings } from '../types.js'

/** The client's ID, and how UserInfo responses are signed and verified. */
export interface UserinfoSettings extends IssuerNames, Pick<ClientSettings, 'clientId' | 'userinfoSigningAlg'> {
  readonly verifySignature: SignatureVerifier
  readonly decrypt: Decrypt
  /** Whether encryption was agreed. */
  readonly isEncrypted: boolean
}

/** Whom a response must be about. */
interface ExpectedPerson {
  readonly subject: string
  /** `iss` of the person's ID Token, for a template of issuers: `sub` is unique at one tenant only. */
  readonly issuer?: string | undefined
}

/** Longest signed response, in characters. */
export const maxUserinfoBytes = 65_536

/**
 * Fetches the person's claims (OpenID Connect Core section 5.3), as JSON, signed, or signed and encrypted. The token goes into the
 * `Authorization` header only; aggregated and distributed claims are not followed.
 *
 * @throws {TokenValidationError} `subject_mismatch`, `token_inactive` if the provider rejects the access token; for a
 *   signed response, the same as for any token
 * @throws {ProviderError} for outages, and `provider_response_invalid`
 */
export async function fetchUserinfo(
  openidClient: ConfiguredClient,
  client: UserinfoSettings,
  accessToken: string,
  expected: ExpectedPerson,
): Promise<Readonly<JsonObject>> {
  const response = await request(openidClient, client, accessToken)
  if (response.status === 401) {
    throw new TokenValidationError('token_inactive', 'the UserInfo endpoint refused the access token')
  }
  if (response.status !== 200) throw invalid(`came with status ${response.status}`)
  const body = await response.text()
  const isSigned = /^application\/jwt\b/i.test(response.headers.get('content-type') ?? '')
  const agreed = agreedForm(client)
  if (!isSigned && agreed !== undefined) throw invalid(`is not ${agreed}, although this client is registered for that`)
  const claims = isSigned ? await signedClaims(body, client, expected) : parseJsonObject(body)
  if (claims === undefined) throw invalid('is not a JSON object')
  requireSubject(claims['sub'], expected.subject)
  return bareClaims(withoutBlanks(claims))
}

function agreedForm({ isEncrypted, userinfoSigningAlg }: UserinfoSettings): 'encrypted' | 'signed' | undefined {
  if (isEncrypted) return 'encrypted'
  return userinfoSigningAlg === undefined ? undefined : 'signed'
}

// A response without sub may be about anyone (section 5.3.2).
function requireSubject(sub: unknown, expected: string): void {
  if (sub === expected) return
  const isMissing = sub === undefined || sub === null || sub === ''
  const why = isMissing ? 'has no sub' : 'is about another person'
  throw new TokenValidationError('subject_mismatch', `the UserInfo response ${why}`)
}

async function request(
  openidClient: ConfiguredClient,
  client: UserinfoSettings,
  accessToken: string,
): Promise<Response> {
  const { dpop, metadata } = openidClient
  if (metadata.userinfo_endpoint === undefined) throw missingEndpoint(metadata, 'userinfo_endpoint')
  const url = new URL(metadata.userinfo_endpoint)
  const headers = new Headers({
    accept: agreedForm(client) === undefined ? 'application/json, application/jwt' : 'application/jwt',
  })
  const sendOnce = () => send(openidClient, url, accessToken, headers)
  return dpop === undefined ? sendOnce() : sendWithNonce({ dpop, url, send: sendOnce, asksAgain: asksForNonce })
}

async function send(
  { openid, configuration, dpop }: ConfiguredClient,
  url: URL,
  accessToken: string,
  headers: Headers,
): Promise<Response> {
  if (dpop !== undefined) headers.set('dpop', dpop.prove({ method: 'GET', url, accessToken }))
  return openid
    .fetchProtectedResource(configuration, accessToken, url, 'GET', null, headers)
    .catch((error: unknown) => {
      if (error instanceof openid.WWWAuthenticateChallengeError) return error.response
      throw ownError(error) ?? invalid('could not be fetched', error)
    })
}

// Section 5.3.2 only says that iss and aud "should" be present. If they are, they must match.
async function signedClaims(
  body: string,
  { clientId, verifySignature, decrypt, ...names }: UserinfoSettings,
  expected: ExpectedPerson,
): Promise<Readonly<JsonObject>> {
  const jws = decodeJws(await decrypt(body), { maxBytes: maxUserinfoBytes })
  const { iss, aud } = withoutBlanks(jws.payload)
  // Keys of a template may belong to one tenant each. A response without iss is of the person's tenant.
  const { issuer = names.issuer } = expected
  await verifySignature({ ...jws, payload: { ...jws.payload, iss: iss ?? issuer } })
  if (iss !== undefined && !isIssuer(iss, names, issuer)) {
    throw new TokenValidationError('token_issuer_mismatch', 'the UserInfo response is from another issuer')
  }
  if (aud !== undefined && !namesAudience(aud, clientId)) {
    throw new TokenValidationError('token_audience_mismatch', 'the UserInfo response is for another client')
  }
  return jws.payload
}

function isIssuer(iss: unknown, names: IssuerNames, expected: string): boolean {
  return isIssuerTemplate(names.issuer) ? iss === expected : configuredIssuer(iss, names) === names.issuer
}

function invalid(why: string, error?: unknown): ProviderError {
  const cause = redactedCause(error)
  return new ProviderError('provider_response_invalid', `the UserInfo response ${why}`, { cause })
}
