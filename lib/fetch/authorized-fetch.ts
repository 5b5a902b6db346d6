import { ConfigurationError } from '../errors.js'
import { isAllowedUrl } from '../options/common/fields.js'
import { type DpopProver, asksForNonce, sentMethod } from './dpop.js'
import { type Hop, isReplayable, redirectOf, without } from './redirect.js'

/** What {@link fetchWithToken} needs. */
export interface AuthorizedFetch {
  readonly fetch: typeof fetch
  /** Undefined for every origin. */
  readonly allowedOrigins: ReadonlySet<string> | undefined
  readonly dangerouslyAllowHttp: boolean
  /** The token as of now. */
  readonly token: () => Promise<string>
  /** Forgets a token that was refused. */
  readonly drop: (token: string) => void
  /** Where tokens are bound to a key: each request gets a proof of its own. */
  readonly dpop?: DpopProver | undefined
}

const maxRedirects = 20
const credentialHeaders = ['authorization', 'cookie', 'dpop', 'proxy-authorization']

/**
 * Fetches with a bearer token (RFC 6750 section 2.1), or with a bound one and its proof (RFC 9449 section 7). A 401 drops the
 * token and is answered once with a new one, where the body can be sent again; a 401 that asks for a nonce is answered with
 * that. Redirects within the origin are followed with the token, others without.
 *
 * @throws {ConfigurationError} `invalid_options` for a URL that may not get a token
 * @throws what `fetch` throws, as it is
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
      const renewed = await successor(settings, hop, token, response)
      if (renewed === undefined) return response
      token = renewed
      continue
    }
    const next = init.redirect === undefined || init.redirect === 'follow' ? redirectOf(hop, response) : undefined
    if (next === undefined || redirects++ === maxRedirects) return response
    discard(response)
    if (next.url.origin !== hop.url.origin) return leave(settings, next)
    hop = next
  }
}

/**
 * The URL, if it may get a token.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function requireAllowed(
  input: string | URL,
  settings: Pick<AuthorizedFetch, 'allowedOrigins' | 'dangerouslyAllowHttp'>,
  call = 'fetch()',
): URL {
  const url = URL.canParse(String(input)) ? new URL(input) : undefined
  if (url === undefined || !isAllowedUrl(url, settings.dangerouslyAllowHttp)) {
    const rule = 'an absolute https URL (plain http is for loopback hosts only)'
    throw new ConfigurationError('invalid_options', `${call} with a token needs ${rule}`)
  }
  if (settings.allowedOrigins?.has(url.origin) === false) {
    throw new ConfigurationError('invalid_options', `${call}: ${url.origin} is not listed in "allowedOrigins"`)
  }
  return url
}

// A nonce is good for some time, so that most requests go with the last one (RFC 9449 section 9).
async function send(settings: AuthorizedFetch, hop: Hop, token: string): Promise<Response> {
  const { dpop } = settings
  if (dpop === undefined) return sendOnce(settings, hop, { authorization: `Bearer ${token}` })
  const method = sentMethod(hop.init.method)
  const attempt = async () => {
    const dpopProof = dpop.prove({ method, url: hop.url, accessToken: token })
    const response = await sendOnce(settings, hop, { authorization: `DPoP ${token}`, dpop: dpopProof })
    dpop.rememberNonce(hop.url, response.headers.get('dpop-nonce'))
    return response
  }
  const nonce = dpop.nonceOf(hop.url)
  const response = await attempt()
  const isOld = asksForNonce(response) && dpop.nonceOf(hop.url) !== nonce
  if (!isOld || !isReplayable(hop.init.body)) return response
  discard(response)
  return attempt()
}

function sendOnce(
  { fetch }: AuthorizedFetch,
  { url, init }: Hop,
  credentials: Readonly<Record<string, string>>,
): Promise<Response> {
  const headers = new Headers(init.headers)
  for (const [name, value] of Object.entries(credentials)) headers.set(name, value)
  // Not every fetch takes the headers away when a redirect leads elsewhere.
  const redirect = init.redirect === undefined || init.redirect === 'follow' ? 'manual' : init.redirect
  return fetch(url, { ...init, headers, redirect })
}

// The same token again would get the same answer.
async function successor(
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

// From here on nothing carries the token, so that the runtime's own rules will do.
function leave({ fetch }: AuthorizedFetch, { url, init }: Hop): Promise<Response> {
  return fetch(url, { ...init, headers: without(init, credentialHeaders), redirect: 'follow' })
}

// Not waited for: it only frees the connection.
function discard({ body }: Response): void {
  body?.cancel().catch(() => undefined)
}
