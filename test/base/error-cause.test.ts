import { describe, expect, test } from '@jest/globals'
import { ProviderError } from '../../lib/errors.js'
import { redactedCause } from '../../lib/base/error-cause.js'

describe('redacted causes of errors', () => {
  test('copy name and code of a chain, four deep', () => {
    let error: Error | undefined
    for (let depth = 0; depth < 6; depth++)
      error = Object.assign(new Error('m', { cause: error }), { code: `C${depth}` })
    const seen = []
    for (let at: unknown = redactedCause(error); at instanceof Error; at = at.cause) seen.push(at.message)
    expect(seen).toEqual(['C5', 'C4', 'C3', 'C2'])
  })

  test.each([
    [
      { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 443 },
      'ECONNREFUSED: connect 127.0.0.1:443',
    ],
    [{ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'op.example' }, 'ENOTFOUND: getaddrinfo op.example'],
    [{ code: 'ECONNRESET', syscall: 'read' }, 'ECONNRESET: read'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'CERT_HAS_EXPIRED'],
  ])('describe %j as %s', (members, message) => {
    expect(redactedCause(Object.assign(new Error('secret'), members))).toMatchObject({ message, code: members.code })
  })

  test('keep what openid-client says of the rule that was broken', () => {
    const error = Object.assign(new Error('unexpected "iss"'), { code: 'OAUTH_INVALID_RESPONSE' })
    expect(redactedCause(error)?.message).toBe('OAUTH_INVALID_RESPONSE: unexpected "iss"')
  })

  test('keep errors of this package as they are', () => {
    const own = new ProviderError('provider_timeout', 'x')
    expect(redactedCause(own)).toBe(own)
    expect(redactedCause(new Error('y', { cause: own }))?.cause).toBe(own)
  })

  test('LK01: keep only the name of an error without a code, since parsers quote their input', () => {
    let quoting: unknown
    try {
      JSON.parse('eyJhbGciOiJub25lIn0.secret')
    } catch (error) {
      quoting = error
    }
    expect(redactedCause(quoting)).toMatchObject({ name: 'SyntaxError', message: 'SyntaxError' })
  })

  test.each([
    { code: 'secret' },
    { code: 'Secret-code' },
    { name: 'my secret', code: 'ECONNRESET' },
    { code: 'ECONNRESET', syscall: 'secret /path' },
    { code: 'ECONNRESET', syscall: 'connect', address: 'user:secret@host' },
    { code: 'ECONNRESET', syscall: 'connect', hostname: 'host', port: 'secret' },
    { command: { args: ['secret'] } },
  ])('LK01: leave out what %j holds beyond words', (members) => {
    const trace = redactedCause(Object.assign(new Error('secret'), members))
    expect(trace).toBeInstanceOf(Error)
    expect(`${trace?.name} ${trace?.message} ${trace?.stack} ${JSON.stringify(trace)}`).not.toMatch(/secret/i)
  })

  test.each([undefined, null, 'text', 5, { message: 'x' }])('%p leaves no cause', (value) => {
    expect(redactedCause(value)).toBeUndefined()
  })
})
