import type { ServerResponse } from 'node:http'

/** A response as a value. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An empty response. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: code, headers, body: '' }
}

/** A JSON response that may not be cached. */
export function json(value: unknown, code = 200): Answer {
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  return { status: code, headers, body: JSON.stringify(value) }
}

/** A signed userinfo response (OpenID Connect Core section 5.3.2). */
export function jwt(token: string): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/jwt' }, body: token }
}

/** A redirect that carries parameters in its query. */
export function redirect(target: string, parameters: URLSearchParams): Answer {
  const url = new URL(target)
  for (const [name, value] of parameters) url.searchParams.append(name, value)
  return status(303, { Location: url.href })
}

/** A page that posts parameters by itself (OAuth 2.0 Form Post Response Mode section 2). */
export function formPost(target: string, parameters: URLSearchParams): Answer {
  const inputs = [...parameters].map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  )
  const body = `<!doctype html><body onload="document.forms[0].submit()"><form method="post" action="${escape(target)}">${inputs.join('')}</form></body>`
  return { status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }, body }
}

/** Sends an answer. */
export function writeAnswer(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, answer.headers).end(answer.body)
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
