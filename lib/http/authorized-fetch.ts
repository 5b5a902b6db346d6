import { ConfigurationError } from '../errors.js'
import { isAllowedUrl } from '../options/fields.js'
import type { Hop } from './redirect.js'
import { isReplayable, redirectOf, without } from './redirect.js'

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
}

const mostRedirects = 20
const credentialHeaders = ['authorization', 'cookie', 'proxy-authorization']

/**
 * Fetches with a bearer token (RFC 6750 section 2.1). A 401 drops the token and is answered once with a new one, where the
 * body can be sent again. Redirects within the origin are followed with the token, others without.
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
    if (response.status === 401 && !isRetried) {
      isRetried = true
      const renewed = await successor(settings, hop, token, response)
      if (renewed === undefined) return response
      token = renewed
      continue
    }
    const next = init.redirect === undefined || init.redirect === 'follow' ? redirectOf(hop, response) : undefined
    if (next === undefined || redirects++ === mostRedirects) return response
    discard(response)
    if (next.url.origin !== hop.url.origin) return leave(settings, next)
    hop = next
  }
}

function requireAllowed(input: string | URL, settings: AuthorizedFetch): URL {
  const url = URL.canParse(String(input)) ? new URL(input) : undefined
  if (url === undefined || !isAllowedUrl(url, settings.dangerouslyAllowHttp)) {
    const rule = 'an absolute https URL (plain http is for loopback hosts only)'
    throw new ConfigurationError('invalid_options', `fetch() with a token needs ${rule}`)
  }
  if (settings.allowedOrigins?.has(url.origin) === false) {
    throw new ConfigurationError('invalid_options', `fetch(): ${url.origin} is not listed in "allowedOrigins"`)
  }
  return url
}

function send({ fetch }: AuthorizedFetch, { url, init }: Hop, token: string): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${token}`)
  // Not every fetch takes the header away when a redirect leads elsewhere.
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
