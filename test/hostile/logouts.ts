import { page } from './answers.js'

/** What the application answered to a logout token. */
export interface LogoutAnswer {
  readonly status: number
  readonly cacheControl: string
  readonly setCookies: readonly string[]
  readonly body: string
}

/** Posts a logout token as the suite does, with a parameter that nobody knows (OpenID Connect Back-Channel Logout 1.0 section 2.5). */
export async function sendLogoutToken(uri: string, logoutToken: string): Promise<LogoutAnswer> {
  const body = new URLSearchParams({ logout_token: logoutToken, ignored_parameter: 'must be ignored' })
  const response = await fetch(uri.replace(/^https:/, 'http:'), { method: 'POST', body, redirect: 'manual' })
  return {
    status: response.status,
    cacheControl: response.headers.get('cache-control') ?? '',
    setCookies: response.headers.getSetCookie(),
    body: await response.text(),
  }
}

/** The URL of the frame for one session at the provider (OpenID Connect Front-Channel Logout 1.0 section 3). */
export function frameUrl(uri: string, issuer: string, sid: string): string {
  const url = new URL(uri)
  url.searchParams.set('iss', issuer)
  url.searchParams.set('sid', sid)
  return url.href
}

/** The provider's page that holds the frame; once that is loaded, its script would go on to the target. */
export function framePage(frame: string, target: string): Response {
  const [src, href] = [frame, target].map((url) => url.replaceAll('&', '&amp;'))
  return page(`<!doctype html><title>Signing out</title><iframe src="${src}"></iframe><a href="${href}">Go on</a>`)
}
