import { expect } from '@jest/globals'
import fc from 'fast-check'
import { Readable } from 'node:stream'
import { parse } from 'cookie'
import { isTokenText, splitAuthorization } from '../../lib/http/authorization.js'
import { safeReturnTo } from '../../lib/http/return-to.js'
import { AuthorizationResponseError } from '../../lib/errors.js'
import { certificateSource } from '../../lib/middleware/http/client-certificate.js'
import { readForm } from '../../lib/middleware/http/form-body.js'
import { createHttpRequest } from '../../lib/middleware/http/request.js'
import type { NodeRequest } from '../../lib/middleware/types.js'
import { plainTarget } from '../../lib/proxy/path.js'
import { canonicalHost } from '../../lib/relying-party/base-url-pattern.js'
import { type Parser, altered, filled, mostly } from './parser.js'
import { selfSigned } from '../kit/resource-server/certificate.js'

const joined = (parts: fc.Arbitrary<string>, separator: string, maxLength = 6) =>
  fc.array(parts, { maxLength }).map((all) => all.join(separator))
const requestWith = (members: Record<string, unknown>) =>
  Object.assign(new Readable(), members) as unknown as NodeRequest

const authorization: Parser = {
  texts: altered(
    fc
      .tuple(
        mostly('Bearer', 'bearer', 'DPoP', 'DPOP', 'Basic', 'Bearer,'),
        fc.constantFrom(' ', '  ', '', '\t'),
        mostly('a.b.c', 'YQ==', 'a b'),
      )
      .map((parts) => parts.join('')),
  ),
  read(text) {
    const result = splitAuthorization(text, 64)
    const [, scheme = '', token = ''] = /^(bearer|dpop) +([\w\-.~+/]+=*)$/i.exec(text) ?? []
    if (typeof result === 'string') {
      if (text.length <= 64) expect(token).toBe('')
      return result
    }
    expect(result.token).toBe(text.slice(result.scheme.length).replace(/^ +/, ''))
    const isToken = isTokenText(result.token)
    expect(isToken ? [result.scheme, result.token] : ['', '']).toEqual([scheme.toLowerCase(), token])
    return `${result.scheme}, ${isToken ? 'a token' : 'no token'}`
  },
}

const cookies: Parser = {
  texts: altered(
    joined(
      fc
        .tuple(
          mostly('session', '__Host-session', 'session.1', '__proto__'),
          mostly('=', ' = ', ''),
          mostly('x', '"x"', '%41', ''),
        )
        .map((parts) => parts.join('')),
      '; ',
    ),
  ),
  read(given) {
    // Other characters come into no header. Nor does a browser send a space before the sign (RFC 6265 section 5.2).
    const text = given.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').replaceAll(/[ \t]+=/g, '=')
    const request = createHttpRequest(requestWith({ headers: { cookie: text } }))
    const names = Object.keys(request.cookies).filter((name) => name !== '')
    expect(['toString', 'constructor'].filter((name) => name in request.cookies && !names.includes(name))).toEqual([])
    for (const name of names) {
      const pairs = text
        .split(';')
        .filter((pair) => pair.slice(0, pair.indexOf('=')).trim() === name && pair.includes('='))
      expect([request.cookies[name], ...request.furtherCookies(name)]).toEqual(pairs.map((pair) => parse(pair)[name]))
    }
    return `${Math.min(names.length, 3)} names, ${names.some((name) => request.furtherCookies(name).length > 0) ? 'one twice' : 'each once'}`
  },
}

const origin = 'https://app.example.com'
const other = 'https://other.example.com'
const returnTo: Parser = {
  texts: altered(
    fc
      .tuple(
        mostly(
          '',
          origin,
          other,
          'https://evil.example',
          '//evil.example',
          'javascript:',
          'HTTPS://APP.example.com:443',
        ),
        joined(mostly('', '..', '%2e%2e', 'orders', 'login', '@evil'), '/'),
        mostly('', '?x=//evil', '#y'),
      )
      .map(([begin, path, end]) => `${begin}/${path}${end}`),
  ),
  read(text) {
    const policy = { origin, origins: [other], reservedPaths: ['/login'], reservedBelow: ['/login'] }
    const target = safeReturnTo(text, policy)
    if (target === undefined) return 'refused'
    expect(target).toMatch(/^[\x21-\x7e]+$/)
    // What a browser makes of it, on our page and on one that is deep below.
    for (const page of [`${origin}/callback`, `${origin}/a/b/c?d#e`]) {
      const { origin: reached, pathname, username } = new URL(target, page)
      expect([origin, other]).toContain(reached)
      expect(username).toBe('')
      if (reached === origin) expect(pathname).not.toMatch(/^\/login(?:\/|$)/)
    }
    expect(safeReturnTo(target, policy)).toBe(target)
    return target.startsWith('/') ? 'a path' : 'another origin'
  },
}

const proxyPath: Parser = {
  texts: altered(
    fc
      .tuple(joined(mostly('api', '..', '.', '%2e', '%2f', 'a%20b', '%41', ';x'), '/'), mostly('', '?q=1', '?'))
      .map(([path, query]) => `/${path}${query}`),
  ),
  read(text) {
    const outcomes = [true, false].map((allowEncodedSlashes) => {
      const target = plainTarget(text, allowEncodedSlashes)
      if (typeof target === 'string') return target
      // A URL parser changes nothing in it, and decoding leads no further than it says.
      expect(new URL(`http://api.example.com${target.path}${target.search}`).pathname).toBe(target.path)
      expect(target.path + target.search).toBe(text)
      expect(decodeURIComponent(target.path)).not.toMatch(/(?:^|\/)\.\.?(?:\/|$)|\\/)
      return 'plain'
    })
    return outcomes.join(', ')
  },
}

const form: Parser = {
  texts: fc
    .tuple(
      altered(
        fc.constantFrom(
          'application/x-www-form-urlencoded',
          'application/x-www-form-urlencoded; charset=UTF-8',
          'text/plain',
        ),
      ),
      altered(
        joined(
          fc
            .tuple(mostly('code', 'state', 'a[]'), mostly('=', ''), mostly('x', '%41', '+', '%'))
            .map((parts) => parts.join('')),
          '&',
        ),
      ),
    )
    .map((parts) => parts.join('\n')),
  async read(text) {
    const end = text.indexOf('\n')
    const [type, body] = [text.slice(0, end), text.slice(end + 1)]
    const req = Object.assign(Readable.from([Buffer.from(body)]), { headers: { 'content-type': type } })
    try {
      const read = await readForm(req as unknown as NodeRequest)
      expect([...read]).toEqual([...new URLSearchParams(Buffer.from(body).toString())])
      expect(type.toLowerCase()).toMatch(/^application\/x-www-form-urlencoded/)
      return `${Math.min([...read].length, 2)} fields`
    } catch (error) {
      if (!(error instanceof AuthorizationResponseError)) throw error
      return error.code
    }
  },
}

const host: Parser = {
  texts: altered(
    fc
      .tuple(mostly('app.example.com', 'APP.example.com.', '[::1]', 'x'), mostly('', ':443', ':80', ':8080'))
      .map((parts) => parts.join('')),
  ),
  read(text) {
    const outcomes = [true, false].map((isSecure) => {
      const canonical = canonicalHost(text, isSecure)
      const url = `${isSecure ? 'https' : 'http'}://${text}`
      // For what is a host, it is what a URL parser says, but for the dot at the end.
      if (!/^[a-z\d.-]+(?::[1-9]\d{0,3})?$/i.test(text) || !URL.canParse(url)) return 'no host'
      const expected = new URL(url).host.replace(/\.(?=:|$)/, '')
      if (!/^[\d.]+(?::|$)/.test(text) && !/(?:^|\.)(?:\d+|0x[\da-f]*)\.?(?::|$)/i.test(text))
        expect(canonical).toBe(expected)
      return canonical === text ? 'as it was' : 'changed'
    })
    return outcomes.join(', ')
  },
}

const { pem, thumbprint } = selfSigned('client')
// A certificate differs in each run: texts name its parts.
const certificate = {
  pem: encodeURIComponent(pem),
  der: pem.replaceAll(/-----[^-]+-----|\s/g, ''),
  hash: Buffer.from(thumbprint, 'base64url').toString('hex'),
}
const formats = ['pem-urlencoded', 'rfc9440', 'xfcc'] as const
const clientCertificate: Parser = {
  texts: altered(
    mostly('{pem}', ':{der}:', 'Hash={hash}', 'By=x;Hash={hash};URI="a;Hash=b"', 'Hash={hash},Hash={hash}'),
  ),
  read(text) {
    const value = filled(text, certificate)
    const outcomes = formats.map((format) => {
      const source = certificateSource({
        source: 'header',
        header: 'x',
        format,
        trustedProxies: ['127.0.0.1'],
        required: false,
      })
      const from = (remoteAddress: string) =>
        source(requestWith({ rawHeaders: ['X', value], socket: { remoteAddress } }))
      expect(from('192.0.2.1')).toBeUndefined()
      const found = from('127.0.0.1')
      if (found !== undefined) expect(found).toMatch(/^[\w-]{43}$/)
      return found === undefined ? 'none' : found === thumbprint ? 'the right one' : 'another one'
    })
    return outcomes.join(', ')
  },
}

/** Readers of what a request has. */
export const httpParsers = { authorization, cookies, returnTo, proxyPath, form, host, clientCertificate }
