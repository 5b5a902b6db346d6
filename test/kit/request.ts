import type { HttpRequest } from '../../lib/http/request.js'

/** A request without a framework; names of headers in lower case. */
export function plainRequest(
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
  target = '/',
): HttpRequest {
  const [path = '', query = ''] = target.split('?', 2)
  return {
    ...{ source: undefined, method, target, path, query, cookies: {} },
    header: (name) => headers[name],
    furtherCookies: () => [],
    form: () => Promise.resolve(new URLSearchParams()),
  }
}
