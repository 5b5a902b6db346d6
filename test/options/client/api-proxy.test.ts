import { describe, expect, test } from '@jest/globals'
import { apiProxy } from '../../../lib/proxy/index.js'
import { parseApiProxyOptions } from '../../../lib/options/client/api-proxy.js'
import { selfSigned } from '../../kit/resource-server/certificate.js'

const target = 'https://api.example.com/v1'

describe('parseApiProxyOptions()', () => {
  test('has defaults for all but the target', () => {
    expect(parseApiProxyOptions(target, {})).toEqual({
      target,
      scope: '',
      timeoutSeconds: 30,
      http2: false,
      allowEncodedSlashes: false,
      dangerouslyAllowHttp: false,
    })
  })

  test.each(['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:8080/v1', 'https://api.example.com:8443/'])(
    'accepts the target %s',
    (url) => {
      expect(parseApiProxyOptions(url, {}).target).toBe(url)
    },
  )

  test.each<[string, unknown, object, string]>([
    ['a target on plain http', 'http://api.example.com', {}, 'must use https in "target"'],
    ['a target with a name of this machine that DNS decides', 'http://api.localhost', {}, 'must use https in "target"'],
    ['a target with a user name', 'https://user@api.example.com', {}, '"target" must be the URL of an API'],
    ['a target with a query', 'https://api.example.com/?x=1', {}, '"target" must be the URL of an API'],
    ['a target with a fragment', 'https://api.example.com/#x', {}, '"target" must be the URL of an API'],
    ['a target of another scheme', 'ftp://api.example.com', {}, '"target" must be the URL of an API'],
    ['a target that is only a host', 'api.example.com', {}, 'it has no https://'],
    ['no target', undefined, {}, '"target" is missing'],
    ['an option that it does not know', target, { timeoutSecond: 1 }, 'did you mean "timeoutSeconds"?'],
    ['an invalid scope', target, { scope: 'a"b' }, '"scope" must be scopes separated by spaces'],
    ['a resource that is not a URI', target, { resource: 'api' }, '"resource" must be an absolute URI'],
    ['a mount path without a slash', target, { mountPath: 'api' }, '"mountPath" must be a path'],
    ['a mount path with a slash at its end', target, { mountPath: '/api/' }, '"mountPath" must be a path without "/"'],
    ['no time', target, { timeoutSeconds: 0 }, '"timeoutSeconds" must be a number of seconds'],
    ['a certificate without its key', target, { tls: { cert: selfSigned('x').pem } }, '"tls" must have'],
    ['an invalid certificate', target, { tls: { ca: 'x' } }, '"tls.ca" must be a certificate as PEM'],
    ['options that are not an object', target, null as never, 'must be an object'],
  ])('refuses %s', (_what, url, options, message) => {
    expect(() => parseApiProxyOptions(url, options)).toThrow(message)
    expect(() => apiProxy(url as string, options)).toThrow('apiProxy(): invalid options')
  })

  test('accepts plain http elsewhere where that is asked for', () => {
    const options = { dangerouslyAllowHttp: true }
    expect(parseApiProxyOptions('http://api.internal', options)).toMatchObject({ target: 'http://api.internal' })
  })

  test('accepts an authority alone, and a certificate with its key', () => {
    const { pem, keyPem } = selfSigned('x')
    expect(parseApiProxyOptions(target, { tls: { ca: [pem] } }).tls).toMatchObject({ ca: [pem] })
    expect(parseApiProxyOptions(target, { tls: { cert: pem, key: keyPem } }).tls).toMatchObject({ key: keyPem })
  })

  test('keeps a request apart from options, as where the call was forgotten', () => {
    const req = { method: 'GET', url: '/', headers: {} }
    expect(() => parseApiProxyOptions(req, {})).toThrow('apiProxy(): invalid options')
  })
})
