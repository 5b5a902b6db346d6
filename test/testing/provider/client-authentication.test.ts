import { expect, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { readOptions } from '../../../lib/testing/options.js'
import { authenticateClient } from '../../../lib/testing/provider/client-authentication.js'
import { newState } from '../../../lib/testing/provider/state.js'
import { keyPair } from '../../kit/key-pair.js'

const { privateKey, publicKey } = keyPair('ec', { namedCurve: 'P-256' })
const secret = 'a-secret-of-more-than-thirty-two-bytes'
const clients = {
  web: { clientSecret: secret },
  keyed: { publicKey: { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: '1' } },
  phone: {},
}
const state = newState(readOptions({ clients }))

type Form = Readonly<Record<string, string>>

function client(form: Form, authorization?: string): string {
  const headers = new Headers(authorization === undefined ? {} : { authorization })
  const url = new URL('https://provider.test/token')
  return authenticateClient(state, { method: 'POST', url, headers, form: new URLSearchParams(form) })
}

const basic = (id: string, word: string) => `Basic ${Buffer.from(`${id}:${word}`).toString('base64')}`

function assertion(changes: Record<string, unknown> = {}, alg = 'ES256'): Promise<string> {
  const claims = { iss: 'keyed', sub: 'keyed', aud: 'https://provider.test', exp: state.clock.seconds + 60, ...changes }
  const key = alg === 'ES256' ? privateKey : new TextEncoder().encode(secret)
  return new SignJWT(claims).setProtectedHeader({ alg, kid: '1' }).sign(key)
}

test('a client proves who it is by its secret, or has none', () => {
  expect(client({ client_id: 'web', client_secret: secret })).toBe('web')
  expect(client({}, basic('web', secret))).toBe('web')
  expect(client({ client_id: 'phone' })).toBe('phone')
})

test.each([
  ['an unknown client', { client_id: 'nobody' }],
  ['no client', {}],
  ['no secret', { client_id: 'web' }],
  ['another secret', { client_id: 'web', client_secret: 'x' }],
  ['a client with a key, without an assertion', { client_id: 'keyed' }],
])('a token request is refused with %s', (_what, form: Form) => {
  expect(() => client(form)).toThrow(/unknown|secret/)
})

test('a token request is refused with Basic without a secret', () => {
  expect(() => client({}, `Basic ${Buffer.from('web').toString('base64')}`)).toThrow('secret')
})

test('a client proves who it is by an assertion, with or without its ID beside it', async () => {
  expect(client({ client_assertion: await assertion() })).toBe('keyed')
  expect(
    client({ client_id: 'keyed', client_assertion: await assertion({ aud: ['https://provider.test/token'] }) }),
  ).toBe('keyed')
  const bySecret = await assertion({ iss: 'web', sub: 'web' }, 'HS256')
  expect(client({ client_assertion: bySecret })).toBe('web')
})

test.each([
  ['for another server', { aud: 'https://evil.test' }],
  ['that has expired', { exp: 1 }],
  ['without an end', { exp: undefined }],
  ['of another client', { iss: 'web' }],
])('an assertion %s is refused', async (_what, changes) => {
  const sent = await assertion(changes)
  expect(() => client({ client_assertion: sent })).toThrow('assertion')
})

test.each([
  ['without a subject', 'keyed', { sub: 7 }, 'ES256'],
  ['by a secret that the client does not have', 'keyed', {}, 'HS256'],
  ['by a key that the client does not have', 'web', { iss: 'web', sub: 'web' }, 'ES256'],
])('an assertion %s is refused', async (_what, id, changes, alg) => {
  const sent = await assertion(changes, alg)
  const form = 'sub' in changes && changes.sub === 7 ? {} : { client_id: id }
  expect(() => client({ ...form, client_assertion: sent })).toThrow()
})
