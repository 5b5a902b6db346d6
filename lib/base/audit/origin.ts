import { omitUndefined } from '../json.js'
import type { AuditOrigin } from './event.js'

const maxLength = 256

/** Reads where a request comes from, of whatever framework it is. */
export function originOf(req: object): AuditOrigin {
  const method = member(req, 'method')
  const path = member(req, 'originalUrl') ?? member(req, 'url')
  return omitUndefined({
    ip: textOf(member(req, 'ip')) ?? textOf(member(member(req, 'socket'), 'remoteAddress')),
    userAgent: header(req, 'user-agent'),
    requestId: requestId(member(req, 'id')) ?? header(req, 'x-request-id'),
    traceId: /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(header(req, 'traceparent') ?? '')?.[1],
    method: textOf(method),
    path: textOf(typeof path === 'string' ? pathOf(path) : undefined),
  })
}

function header(req: object, name: string): string | undefined {
  return textOf(member(member(req, 'headers'), name))
}

function requestId(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : textOf(value)
}

// An absolute URL names a host, and may name a person before it (RFC 9112 section 3.2.2).
function pathOf(url: string): string {
  return (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(url)?.[1] ?? url).replace(/[?#].*$/s, '')
}

// Line breaks and look-alike letters must not mislead readers of the log.
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return value.slice(0, maxLength).replace(/[^\x20-\x7e]/g, '?')
}

// Express computes `ip` when it is read, with a function of the application where "trust proxy" is one: it may throw.
function member(value: unknown, name: string): unknown {
  try {
    return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  } catch {
    return undefined
  }
}
