import { parse } from 'cookie'
import type { Exchange } from '../http/exchange.js'
import { readForm } from './body.js'
import type { NodeRequest } from './types.js'

/** Reads a Node request as plain values. Nothing is parsed before it is asked for. */
export function createExchange(req: NodeRequest): Exchange {
  const target = originForm(req.originalUrl ?? req.url ?? '/')
  const mark = target.indexOf('?')
  let cookies: Exchange['cookies'] | undefined
  return {
    method: req.method ?? 'GET',
    target,
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    header(name) {
      const value = req.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    headerValues: (name) => req.headersDistinct[name] ?? [],
    get cookies() {
      return (cookies ??= parse(req.headers.cookie ?? ''))
    },
    form: () => readForm(req),
  }
}

// A request line may hold an absolute URL (RFC 9112 section 3.2.2); its host is not believed any more than the header.
function originForm(url: string): string {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(url)
  if (absolute === null) return url
  const rest = absolute[1] ?? ''
  return rest.startsWith('/') ? rest : `/${rest}`
}
