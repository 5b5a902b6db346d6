/**
 * Sends a request to the application, with the header that pages of other sites cannot send. The mode makes the browser refuse
 * redirects to another origin, which would otherwise carry the header and the body of a 307 along.
 *
 * @param hint - what to do about a URL of another origin, for the message
 * @throws {TypeError} for another origin, however its URL is spelled
 * @see https://fetch.spec.whatwg.org/#main-fetch
 */
export async function sendToOwnOrigin(
  input: string | URL | Request,
  init: RequestInit,
  hint = 'correct "sessionUrl"',
  isPoll = false,
): Promise<Response> {
  const request = new Request(input, { ...init, mode: 'same-origin' })
  if (new URL(request.url).origin !== location.origin) {
    throw new TypeError(`requests go to ${location.origin} only, not to ${request.url}: ${hint}`)
  }
  request.headers.set('X-CSRF', '1')
  if (isPoll) request.headers.set('X-Poll', '1')
  return fetch(request)
}

/**
 * The login URL in a 401 of the application's guards. A 401 of another kind has none. Nor has one that names another origin, which
 * a remote API behind a proxy may have sent.
 */
export async function loginUrlIn(response: Response): Promise<string | undefined> {
  if (response.status !== 401 || !/problem\+json/.test(response.headers.get('Content-Type') ?? '')) return undefined
  const url = memberOf(await jsonIn(response.clone()), 'login_url')
  return typeof url === 'string' && url.startsWith(`${location.origin}/`) ? url : undefined
}

/** The body of a response, or `undefined` if it is not JSON. */
export async function jsonIn(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined)
}

/** A member of a value, if it is an object that has it. */
export function memberOf(value: unknown, name: string): unknown {
  return Object.entries(value ?? {}).find(([key]) => key === name)?.[1]
}

/** A URL of the application that returns to a page afterwards. */
export function withReturnTo(url: string, returnTo: string | URL): URL {
  const target = new URL(url)
  target.searchParams.set('returnTo', String(new URL(returnTo, document.baseURI)))
  return target
}

/** Goes to another page. Resolves if this one stays after all: the person has cancelled that, or has come back. */
export function goTo(url: string | URL): Promise<void> {
  return new Promise((resolve) => {
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) resolve()
    })
    // Nothing else shows that a `beforeunload` handler has kept the page.
    setTimeout(resolve, 10_000)
    location.assign(url)
  })
}
