import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { readOptions } from '../../../lib/testing/options.js'
import { provedKey } from '../../../lib/testing/provider/dpop.js'
import { newState } from '../../../lib/testing/provider/state.js'
import { keyPair } from '../../kit/key-pair.js'

const { privateKey, publicKey } = keyPair('ec', { namedCurve: 'P-256' })
const state = newState(readOptions({}))
const url = new URL('https://provider.test/token')

function proof(changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  const claims = { jti: randomUUID(), htm: 'POST', htu: url.href, iat: state.clock.seconds, ...changes }
  const jwk = publicKey.export({ format: 'jwk' })
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header }).sign(privateKey)
}

const proved = (dpop?: string, token?: string) => {
  const headers = new Headers(dpop === undefined ? {} : { dpop })
  return provedKey(state, { method: 'POST', url, headers, form: new URLSearchParams() }, token)
}

test('a proof shows its key, once; without one there is none', async () => {
  const sent = await proof()
  expect(proved()).toBeUndefined()
  expect(proved(sent)).toMatch(/^[\w-]{43}$/)
  expect(() => proved(sent)).toThrow('was used before')
})

test.each([
  ['for another method', { htm: 'GET' }, {}],
  ['for another URL', { htu: 'https://provider.test/par' }, {}],
  ['of an hour ago', { iat: 1 }, {}],
  ['without a name', { jti: undefined }, {}],
  ['of another type', {}, { typ: 'JWT' }],
  ['without a key', {}, { jwk: undefined }],
])('a proof %s is refused', async (_what, changes, header) => {
  const sent = await proof(changes, header)
  expect(() => proved(sent)).toThrow()
})

test('a proof beside a token has to name it', async () => {
  const sent = await proof({ ath: 'another' })
  expect(() => proved(sent, 'token')).toThrow('another request')
})
