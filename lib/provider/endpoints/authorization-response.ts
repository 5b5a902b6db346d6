import { outage } from '../../base/outage.js'
import { type OidcError, AuthorizationResponseError } from '../../errors.js'
import { equalSecrets } from '../../base/constant-time.js'
import { printableErrorCode } from '../errors.js'
import type { ProviderMetadata } from '../types.js'

const single = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state']
// Tokens in the front channel, and JARM: nothing that was asked for.
const unexpected = ['id_token', 'access_token', 'token', 'response']
const loginErrors = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required']
const outageErrors = ['temporarily_unavailable', 'server_error']

/**
 * Checks an authorization response before anything is done with it: `iss` (RFC 9207 section 2.4), then `state`, then
 * `error` (RFC 6749 section 4.1.2.1).
 *
 * @returns the code
 * @throws {AuthorizationResponseError} `invalid_response`, `issuer_mismatch`, `state_missing`, `state_mismatch`,
 *   `access_denied`, `login_required`, `authorization_failed`
 * @throws {ProviderError} `provider_unavailable` when the provider says that it is
 */
export function checkAuthorizationResponse(
  response: URLSearchParams,
  expectedState: string,
  metadata: ProviderMetadata,
): string {
  if (single.some((name) => response.getAll(name).length > 1)) throw invalid('repeats a parameter')
  checkIssuer(response.get('iss'), metadata)
  checkState(response.get('state'), expectedState)
  if (unexpected.some((name) => response.has(name))) throw invalid('has parameters of another flow')
  const error = response.get('error')
  const code = response.get('code')
  if (error !== null && code === null) throw refusalOf(error)
  if (error !== null || code === null || code === '') throw invalid('must have either a code or an error')
  return code
}

function checkIssuer(iss: string | null, metadata: ProviderMetadata): void {
  const isRequired = metadata['authorization_response_iss_parameter_supported'] === true
  if (iss === null ? !isRequired : iss === metadata.issuer) return
  const message =
    iss === null
      ? 'the response has no iss, though the metadata of the provider promises one'
      : 'the response is not from the provider that was asked'
  throw new AuthorizationResponseError('issuer_mismatch', message)
}

function checkState(state: string | null, expected: string): void {
  if (state === null || state === '') {
    throw new AuthorizationResponseError('state_missing', 'the response has no state')
  }
  if (!equalSecrets(state, expected)) {
    throw new AuthorizationResponseError('state_mismatch', 'the response belongs to another login')
  }
}

/**
 * The failure that an authorization response's `error` stands for. `error_description` is left out: it is for developers,
 * anyone can write it, and some providers put names in it.
 */
export function refusalOf(error: string): OidcError {
  if (error === 'access_denied') {
    return new AuthorizationResponseError('access_denied', 'the sign-in was cancelled or refused')
  }
  if (loginErrors.includes(error)) {
    return new AuthorizationResponseError('login_required', `the provider needs to ask the person: ${error}`)
  }
  if (outageErrors.includes(error)) {
    return outage('provider_unavailable', `the provider cannot sign anyone in at the moment: ${error}`)
  }
  const message = `the provider refused the authorization request: ${printableErrorCode(error)}`
  return new AuthorizationResponseError('authorization_failed', message)
}

function invalid(why: string): AuthorizationResponseError {
  return new AuthorizationResponseError('invalid_response', `the authorization response ${why}`)
}
