import { parse } from 'cookie'
import type { HttpRequest } from '../../http/request.js'
import { readForm } from './form-body.js'
import { readMember } from './request-property.js'
import type { NodeRequest } from '../types.js'

/** Reads a Node request as plain values, each parsed when it is first read. */
export function createHttpRequest(req: NodeRequest): HttpRequest {
  return new NodeHttpRequest(req)
}

// A class, with accessors on its prototype: closures per request would survive many garbage collections.
class NodeHttpRequest implements HttpRequest {
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly #req: NodeRequest
  #cookies: HttpRequest['cookies'] | undefined

  constructor(req: NodeRequest) {
    const target = originForm(readMember(req, 'originalUrl') ?? readMember(req, 'url') ?? '/')
    const mark = target.indexOf('?')
    this.#req = req
    this.method = readMember(req, 'method') ?? 'GET'
    this.target = target
    this.path = mark === -1 ? target : target.slice(0, mark)
    this.query = mark === -1 ? '' : target.slice(mark + 1)
  }

  get source(): NodeRequest {
    return this.#req
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  get cookies(): HttpRequest['cookies'] {
    return (this.#cookies ??= parseCookies(readMember(this.#req, 'headers').cookie))
  }

  furtherCookies(name: string): readonly string[] {
    const header = readMember(this.#req, 'headers').cookie ?? ''
    // Where there are as many names as pairs, none came twice. Counting is much faster than searching several KB for a name.
    return Object.keys(this.cookies).length === countPairs(header) ? none : furtherValues(header, name)
  }

  form(): Promise<URLSearchParams> {
    return readForm(this.#req)
  }
}

/** The values of a header, as they came: Node keeps the first of some, and joins others. */
export function headerValues(req: WithHeaders, name: string): readonly string[] {
  const lines = headerLines(req)
  return lines.filter((_value, index) => index % 2 === 1 && lines[index - 1]?.toLowerCase() === name)
}

/** The headers as they came, as names and values in turn. */
export function headerLines({ rawHeaders, headers }: WithHeaders): readonly string[] {
  if (rawHeaders.length > 0) return rawHeaders
  // The adapters of serverless platforms make a request of an event, and fill in nothing but `headers`.
  return Object.entries(headers).flatMap(([name, value = []]) => [value].flat().flatMap((one) => [name, one]))
}

type WithHeaders = Pick<NodeRequest, 'rawHeaders' | 'headers'>

const none: readonly string[] = []
const noCookies: HttpRequest['cookies'] = Object.freeze(parse(''))

function parseCookies(header: string | undefined): HttpRequest['cookies'] {
  return header === undefined ? noCookies : parse(header)
}

function countPairs(header: string): number {
  let count = 1
  for (let end = header.indexOf(';'); end !== -1; end = header.indexOf(';', end + 1)) count += 1
  return count
}

// Searching is faster than parsing, and forwards several times as fast as backwards.
function furtherValues(header: string, name: string): readonly string[] {
  const begin = `${name}=`
  const first = header.indexOf(begin)
  if (first === -1 || header.indexOf(begin, first + begin.length) === -1) return none
  return header
    .split(';')
    .filter((pair) => pair.trim().startsWith(begin))
    .slice(1)
    .map((pair) => parse(pair)[name] ?? '')
}

// A request line may hold an absolute URL (RFC 9112 section 3.2.2). Its host is ignored, like the Host header.
function originForm(url: string): string {
  if (url.startsWith('/')) return url
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(url)
  if (absolute === null) return url
  const rest = absolute[1] ?? ''
  return rest.startsWith('/') ? rest : `/${rest}`
}
