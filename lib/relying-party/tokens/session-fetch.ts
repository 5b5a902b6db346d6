import { ConfigurationError } from '../../errors.js'
import type { AccessTokenTarget } from '../../options/oidc/access-token.js'
import { fetchWithToken } from '../../fetch/authorized-fetch.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { currentAccessToken, replacementFor } from './access-token.js'
import type { RefreshableSession, RenewalParts } from './renewal.js'

/** The parts of a relying party that call an API. */
type SessionFetchParts = RenewalParts & RelyingPartyWith<never, 'dpop' | 'apiFetch'>

/** The arguments for `fetch`, and the token's target. */
interface SessionFetchCall {
  readonly url: string | URL
  readonly init: RequestInit | undefined
  readonly target: AccessTokenTarget | undefined
}

/**
 * Calls an API with a session's access token for a target. The token is sent to `allowedOrigins` only. After a 401 the
 * call is retried once with a renewed token, if the body can be sent again. The token is not sent along with a redirect
 * to another origin.
 *
 * @throws {ConfigurationError} `invalid_options` for a URL that the token must not be sent to
 * @throws like {@link currentAccessToken}, and whatever `fetch` throws
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
 */
export async function fetchForSession(
  rp: SessionFetchParts,
  session: RefreshableSession,
  fetch: typeof globalThis.fetch,
  { url, init, target }: SessionFetchCall,
): Promise<Response> {
  const { allowedOrigins, dangerouslyAllowHttp } = rp.configuration
  if (allowedOrigins.length === 0) {
    const example = 'oidc({ ..., allowedOrigins: ["https://api.example.com"] })'
    throw new ConfigurationError(
      'invalid_options',
      `req.oidc.fetch() sends the token to listed origins only: set ${example}`,
    )
  }
  let refused: string | undefined
  const settings = {
    fetch: rp.provider.apiFetch ?? fetch,
    fetchElsewhere: fetch,
    dangerouslyAllowHttp,
    allowedOrigins: new Set(allowedOrigins),
    dpop: rp.provider.dpop,
    token: () =>
      refused === undefined ? currentAccessToken(rp, session, target) : replacementFor(rp, session, refused, target),
    drop: (token: string) => {
      refused = token
    },
  }
  return fetchWithToken(settings, url, init)
}
