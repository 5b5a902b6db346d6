import { ConfigurationError } from '../errors.js'
import { fetchWithToken } from '../http/authorized-fetch.js'
import type { RelyingParty } from './party.js'
import { currentAccessToken, type RefreshableSession, replacementFor } from './refresh.js'

/**
 * Calls an API with a session's access token, which goes to `allowedOrigins` only. A 401 is answered once with a renewed
 * token, where the body can be sent again; no redirect takes the token to another origin.
 *
 * @throws {ConfigurationError} `invalid_options` for a URL that may not get the token
 * @throws as {@link currentAccessToken} does, and what `fetch` throws, as it is
 * @see RFC 6750 section 2.1, RFC 9449 section 7
 */
export async function fetchForSession(
  party: RelyingParty,
  session: RefreshableSession,
  fetch: typeof globalThis.fetch,
  url: string | URL,
  init?: RequestInit,
): Promise<Response> {
  const { allowedOrigins, dangerouslyAllowHttp } = party.configuration
  if (allowedOrigins.length === 0) {
    const example = 'oidc({ ..., allowedOrigins: ["https://api.example.com"] })'
    throw new ConfigurationError('invalid_options', `req.oidc.fetch() sends the token nowhere without ${example}`)
  }
  let refused: string | undefined
  const settings = {
    fetch,
    dangerouslyAllowHttp,
    allowedOrigins: new Set(allowedOrigins),
    dpop: party.provider.dpop,
    token: () => (refused === undefined ? currentAccessToken(party, session) : replacementFor(party, session, refused)),
    drop: (token: string) => {
      refused = token
    },
  }
  return fetchWithToken(settings, url, init)
}
