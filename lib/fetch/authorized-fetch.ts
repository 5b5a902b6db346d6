import { parseUrl } from '../base/url.js'
import { ConfigurationError } from '../errors.js'
import { isAllowedUrl } from '../options/common/fields.js'
import { type DpopProver, asksForNonce, sendWithNonce, sentMethod } from './dpop.js'
import { type Hop, isReplayable, redirectOf, withoutHeaders } from './redirect.js'

/** Where tokens come from, and where they may be sent. */
export interface AuthorizedFetch {
  readonly fetch: typeof fetch
  /** What follows a redirect to another origin, without the token. @default fetch */
  readonly fetchElsewhere?: typeof fetch | undefined
  /** `undefined` allows every origin. */
  readonly allowedOrigins: ReadonlySet<string> | undefined
  readonly dangerouslyAllowHttp: boolean
  /** Returns the current token. */
  readonly token: () => Promise<string>
  /** Forgets a token that was rejected. */
  readonly drop: (token: string) => void
  /** Makes a proof for each request, if tokens are bound to a key. */
  readonly dpop?: DpopProver | undefined
}

const maxRedirects = 20
const credentialHeaders = ['authorization', 'cookie', 'dpop', 'proxy-authorization']

/**
 * Fetches with a bearer token (RFC 6750 section 2.1), or with a DPoP token and its proof (RFC 9449 section 7). After a
 * 401, the token is dropped and the request is retried once with a new one, if the body can be sent again. After a 401
 * that asks for a nonce, it is retried with that nonce. Redirects within the origin are followed with the token, others
 * without it.
 *
 * @throws {ConfigurationError} `invalid_options` for a URL that the token must not be sent to
 * @throws whatever `fetch` throws
 */
export async function fetchWithToken(
  settings: AuthorizedFetch,
  input: string | URL,
  init: RequestInit = {},
): Promise<Response> {
  let hop: Hop = { url: requireAllowed(input, settings), init }
  let token = await settings.token()
  let isRetried = false
  for (let redirects = 0; ;) {
    const response = await send(settings, hop, token)
    if (response.status === 401 && !isRetried && !asksForNonce(response)) {
      isRetried = true
      const renewed = await renewToken(settings, hop, token, response)
      if (renewed === undefined) return response
      token = renewed
      continue
    }
    const next = init.redirect === undefined || init.redirect === 'follow' ? redirectOf(hop, response) : undefined
    if (next === undefined || redirects++ === maxRedirects) return response
    discard(response)
    if (next.url.origin !== hop.url.origin) return followElsewhere(settings, next)
    hop = next
  }
}

/**
 * Returns the URL, if tokens may be sent to it.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function requireAllowed(
  input: string | URL,
  settings: Pick<AuthorizedFetch, 'allowedOrigins' | 'dangerouslyAllowHttp'>,
  call = 'fetch()',
): URL {
  const url = parseUrl(String(input))
  if (url === undefined || !isAllowedUrl(url, settings.dangerouslyAllowHttp)) {
    const rule = 'an absolute https URL (plain http is for loopback hosts only)'
    throw new ConfigurationError('invalid_options', `${call} with a token needs ${rule}`)
  }
  if (settings.allowedOrigins?.has(url.origin) === false) {
    throw new ConfigurationError('invalid_options', `${call}: ${url.origin} is not listed in "allowedOrigins"`)
  }
  return url
}

async function send(settings: AuthorizedFetch, hop: Hop, token: string): Promise<Response> {
  const { dpop } = settings
  if (dpop === undefined) return sendOnce(settings, hop, { authorization: `Bearer ${token}` })
  const method = sentMethod(hop.init.method)
  return sendWithNonce({
    dpop,
    url: hop.url,
    send: async () => {
      const dpopProof = dpop.prove({ method, url: hop.url, accessToken: token })
      const response = await sendOnce(settings, hop, { authorization: `DPoP ${token}`, dpop: dpopProof })
      dpop.rememberNonce(hop.url, response.headers.get('dpop-nonce'))
      return response
    },
    asksAgain: (response) => asksForNonce(response) && isReplayable(hop.init.body),
    discard,
  })
}

function sendOnce(
  { fetch }: AuthorizedFetch,
  { url, init }: Hop,
  credentials: Readonly<Record<string, string>>,
): Promise<Response> {
  const headers = new Headers(init.headers)
  for (const [name, value] of Object.entries(credentials)) headers.set(name, value)
  // Redirects are followed here, because not every fetch removes credentials on a redirect to another origin.
  const redirect = init.redirect === undefined || init.redirect === 'follow' ? 'manual' : init.redirect
  return fetch(url, { ...init, headers, redirect })
}

// Retrying with the same token would get the same response.
async function renewToken(
  settings: AuthorizedFetch,
  { init }: Hop,
  refused: string,
  response: Response,
): Promise<string | undefined> {
  settings.drop(refused)
  if (!isReplayable(init.body)) return undefined
  const token = await settings.token().catch((error: unknown) => {
    discard(response)
    throw error
  })
  if (token === refused) return undefined
  discard(response)
  return token
}

// The token is not sent any more, so the runtime's own rules for redirects apply from here on.
function followElsewhere({ fetch, fetchElsewhere = fetch }: AuthorizedFetch, { url, init }: Hop): Promise<Response> {
  return fetchElsewhere(url, { ...init, headers: withoutHeaders(init, credentialHeaders), redirect: 'follow' })
}

// Not awaited: this only frees the connection.
function discard({ body }: Response): void {
  body?.cancel().catch(() => undefined)
}
