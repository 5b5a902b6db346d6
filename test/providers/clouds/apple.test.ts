import { describe, expect, test } from '@jest/globals'
import { createPublicKey } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { apple, appleClientSecret } from '../../../lib/providers/clouds/apple.js'
import { loginContract } from '../../kit/stand-in/contract.js'
import type { Deviations } from '../../kit/stand-in/deviations.js'
import { clientId, startWalk } from '../../kit/stand-in/walk.js'
import { refusesWrongInput } from '../../kit/stand-in/wrong-input.js'
import { keyPair } from '../../kit/key-pair.js'

const { privateKey } = keyPair('ec', { namedCurve: 'P-256' })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const given = { clientId, teamId: 'AB1C23D4EF', keyId: '12AB3C456D', privateKey: pem }
const base = 'https://appleid.apple.com'
const sub = '000792.d71059495fa24644b94e4a644e2e3b4a.0638'

// Apple's "Generate and validate tokens", "Request an authorization" and its metadata: scopes, posted answers, no userinfo.
const row: Deviations = {
  issuer: base,
  endpoints: `${base}/auth`,
  metadata: {
    userinfo_endpoint: undefined,
    end_session_endpoint: undefined,
    code_challenge_methods_supported: undefined,
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  },
  scopes: ['openid', 'email', 'name'],
  sub,
  idToken: ({ at }) => ({
    email: 'a@privaterelay.appleid.com',
    email_verified: 'true',
    auth_time: at,
    nonce_supported: true,
  }),
  idTokenAtRefresh: true,
  isSecret: (secret) => secret.split('.').length === 3,
}

describe('apple()', () => {
  const preset = apple(given)
  loginContract({ row, preset, refreshing: preset, user: { sub, email_verified: 'true' }, logout: 'nowhere' })

  test('requests form_post, and signs the client secret for Apple', async () => {
    const walk = await startWalk(row, preset)
    await walk.signIn()
    const secret = walk.standIn.tokenRequests[0]?.body.get('client_secret') ?? ''
    const { payload } = await jwtVerify(secret, createPublicKey(privateKey), { audience: base, issuer: given.teamId })
    expect(payload.sub).toBe(clientId)
    expect(decodeProtectedHeader(secret)).toEqual({ alg: 'ES256', kid: given.keyId })
  })

  test('accepts a key whose line breaks are written as two characters, as in environment variables', () => {
    expect(apple({ ...given, privateKey: pem.replaceAll('\n', '\\n') }).clientSecret()).toMatch(/^ey/)
  })

  refusesWrongInput([
    ['a short team', () => apple({ ...given, teamId: 'AB1' }), '"teamId" must be the team\'s ID: ten capital letters'],
    [
      'the name of a key file',
      () => apple({ ...given, privateKey: 'AuthKey.p8' }),
      '"privateKey" must be the private key',
    ],
    ['no key ID', () => apple({ ...given, keyId: undefined } as never), '"keyId" '],
  ])
})

describe('the client secret', () => {
  const expiryOf = (secret: string) =>
    (JSON.parse(Buffer.from(secret.split('.')[1] ?? '', 'base64url').toString()) as { readonly exp: number }).exp

  test('stays the same for half an hour, and is always valid for another half hour', () => {
    let now = Date.UTC(2026, 0, 1)
    const secretNow = appleClientSecret({ ...given, privateKey }, () => now)
    const first = secretNow()
    now += 29 * 60_000
    expect(secretNow()).toBe(first)
    now += 2 * 60_000
    expect(secretNow()).not.toBe(first)
    expect(expiryOf(secretNow()) - now / 1000).toBe(3600)
  })

  test('is signed again if the clock is set back', () => {
    let now = Date.UTC(2026, 0, 1)
    const secretNow = appleClientSecret({ ...given, privateKey }, () => now)
    const first = expiryOf(secretNow())
    now -= 86_400_000
    expect(first - expiryOf(secretNow())).toBe(86_400)
  })
})
