import { splitAuthorization } from '../../http/authorization.js'
import type { TokenRequest } from '../../resource-server/types.js'
import { createHttpRequest, headerValues } from '../http/request.js'
import { readMember } from '../http/request-property.js'
import type { NodeRequest, NodeResponse } from '../types.js'

/** How a request's URL and certificate are found. */
export interface RequestSources {
  /** Where clients reach this server. */
  readonly baseUrls: readonly string[]
  readonly certificateThumbprint: (req: NodeRequest) => string | undefined
}

/** The parts of a request that proofs of possession are checked against, each read when it is needed. */
export class NodeTokenRequest implements TokenRequest {
  readonly #req: NodeRequest
  readonly #reading: RequestSources
  readonly #res: NodeResponse | undefined

  /** @param res - carries nonces to the client; without it they are dropped */
  constructor(req: NodeRequest, reading: RequestSources, res: NodeResponse | undefined) {
    this.#req = req
    this.#reading = reading
    this.#res = res
  }

  /** Node has applied its own `maxHeaderSize`, which operators raise for large tokens. */
  get maxHeaderLength(): number {
    return Infinity
  }

  /** The one that was sent: method-override keeps it where it puts another in its place. */
  get method(): string {
    const sent: unknown = Reflect.get(this.#req, 'originalMethod')
    return typeof sent === 'string' ? sent : (this.#req.method ?? 'GET')
  }

  get source(): NodeRequest {
    return this.#req
  }

  get identity(): NodeRequest {
    return this.#req
  }

  urls(): readonly string[] {
    const { path } = createHttpRequest(this.#req)
    return this.#reading.baseUrls.flatMap((baseUrl) => publicUrls(new URL(baseUrl), path))
  }

  dpopProofs(): readonly string[] {
    return headerValues(this.#req, 'dpop')
  }

  certificateThumbprint(): string | undefined {
    return this.#reading.certificateThumbprint(this.#req)
  }

  offerNonce(nonce: string): void {
    this.#res?.setHeader('DPoP-Nonce', nonce)
  }
}

// A proxy in front may have taken the path of the base URL off, or left it. Where a path begins with it, nobody knows which.
function publicUrls({ origin, pathname }: URL, path: string): readonly string[] {
  const prefix = pathname.replace(/\/$/, '')
  const isWhole = path === prefix || path.startsWith(`${prefix}/`)
  return prefix === '' ? [origin + path] : [origin + prefix + path, ...(isWhole ? [origin + path] : [])]
}

/**
 * Finds the one `Authorization` header. A second token in the query or a form makes the request ambiguous (RFC 6750
 * section 2). A token there alone, or beside another scheme, is ignored.
 */
export function presentedCredentials(req: NodeRequest): { readonly value?: string; readonly isAmbiguous: boolean } {
  const value = readMember(req, 'headers').authorization
  if (value === undefined) return { isAmbiguous: false }
  const isAmbiguous = isRepeated(readMember(req, 'rawHeaders')) || (!isOtherScheme(value) && hasTokenElsewhere(req))
  return { value, isAmbiguous }
}

/** Whether a header is of a scheme such as Basic, which a proxy or another middleware has asked for (RFC 9110 section 11.6.2). */
export function isOtherScheme(authorization: string): boolean {
  return !authorization.startsWith('Bearer ') && splitAuthorization(authorization, Infinity) === 'other'
}

// If there are several, Node silently keeps the first. A server in front may have checked another one.
function isRepeated(rawHeaders: readonly string[]): boolean {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 13 && name.toLowerCase() === 'authorization') count++
  }
  return count > 1
}

function hasTokenElsewhere(req: NodeRequest): boolean {
  const target = readMember(req, 'originalUrl') ?? readMember(req, 'url') ?? ''
  const mark = target.indexOf('?')
  if (mark !== -1 && target.includes('access', mark) && new URLSearchParams(target.slice(mark)).has('access_token')) {
    return true
  }
  const body = readMember(req, 'body')
  const isForm = typeof body === 'object' && body !== null && 'access_token' in body
  return isForm && /^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '')
}
