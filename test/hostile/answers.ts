const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }

/** A page that may not be cached. */
export function page(body: string): Response {
  return new Response(body, { headers })
}

/** A signed userinfo response (OpenID Connect Core section 5.3.2). */
export function jwt(token: string): Response {
  return new Response(token, { headers: { 'content-type': 'application/jwt' } })
}

/** The URL of a redirect that carries parameters in its query. */
export function redirectUrl(target: string, parameters: URLSearchParams): string {
  const url = new URL(target)
  for (const [name, value] of parameters) url.searchParams.append(name, value)
  return url.href
}

/** Sends the browser on. */
export function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location } })
}

/** A page that posts parameters by itself (OAuth 2.0 Form Post Response Mode section 2). */
export function formPost(target: string, parameters: URLSearchParams): Response {
  const inputs = [...parameters].map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  )
  return page(
    `<!doctype html><body onload="document.forms[0].submit()"><form method="post" action="${escape(target)}">${inputs.join('')}</form></body>`,
  )
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
