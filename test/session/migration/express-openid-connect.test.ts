import { describe, expect, test } from '@jest/globals'
import { CompactEncrypt } from 'jose'
import { migrateFrom } from '../../../lib/options/oidc/migration/migrate-from.js'
import { section } from '../../../lib/options/common/parse.js'
import { parseOptions } from '../../../lib/options/common/parse.js'
import { createOldSessions } from '../../../lib/session/migration/express-openid-connect.js'
import { start } from '../../kit/clock.js'
import { oldCookie, oldKey, oldSecret, signedId } from '../../kit/migration/old-sessions.js'
import { idToken } from '../example.js'

const usual = { id_token: idToken(), access_token: 'access', refresh_token: 'refresh', token_type: 'Bearer' }
const stored = { header: { iat: start, uat: start, exp: start + 60 }, data: usual }

function opener(options: object = {}): ReturnType<typeof createOldSessions> {
  const given = { package: 'express-openid-connect', secret: oldSecret, until: '2026-12-24', ...options }
  const checked = parseOptions('test', section({ migrateFrom }), { migrateFrom: given }).migrateFrom
  if (checked === undefined) throw new Error('the options are there')
  return createOldSessions(checked, 2)
}

describe('the cookie of express-openid-connect', () => {
  test('opens with the secret that sealed it, and tells the times and tokens of the session', async () => {
    const cookie = await oldCookie({ ...usual, expires_at: start + 300 }, start, { header: { uat: start + 7 } })
    expect(await opener()(cookie)).toEqual({
      idToken: idToken(),
      issuer: 'https://op.example.com',
      subject: 'alice',
      accessToken: 'access',
      refreshToken: 'refresh',
      tokenType: 'bearer',
      expiresAt: start + 300,
      createdAt: start,
      touchedAt: start + 7,
      endsAt: start + 86_400,
      data: {},
    })
  })

  test('opens with any of several secrets, and with one of bytes', async () => {
    const bytes = Buffer.from('0123456789abcdef')
    const open = opener({ secret: ['another secret', bytes] })
    expect(await open(await oldCookie(usual, start, { secret: bytes }))).toMatchObject({ subject: 'alice' })
    expect(await open(await oldCookie(usual, start))).toBeUndefined()
  })

  test('keeps what the application has added apart from the tokens', async () => {
    const cookie = await oldCookie({ ...usual, sid: 's-1', cart: ['tea'], role: 'admin' }, start)
    expect((await opener()(cookie))?.data).toEqual({ cart: ['tea'], role: 'admin' })
  })

  test.each([
    ['an ID Token that is missing', { access_token: 'access' }],
    ['an ID Token that is not text', { id_token: 1 }],
    ['an ID Token without sub', { id_token: idToken({ sub: undefined }) }],
    ['an ID Token without iss', { id_token: idToken({ iss: undefined }) }],
    ['an end that the provider has set', { ...usual, sessionExpiresAt: start + 60 }],
    ['no object', '[]'],
    ['no JSON', '{'],
  ])('does not open with %s', async (_, session) => {
    expect(await opener()(await oldCookie(session, start))).toBeUndefined()
  })

  test.each([['iat'], ['uat'], ['exp']])('does not open without %s in its header', async (name) => {
    expect(await opener()(await oldCookie(usual, start, { header: { [name]: undefined } }))).toBeUndefined()
    expect(await opener()(await oldCookie(usual, start, { header: { [name]: '1' } }))).toBeUndefined()
  })

  test('does not open where the first character of any part was changed', async () => {
    const cookie = await oldCookie(usual, start)
    const open = opener()
    for (const [index, part] of cookie.split('.').entries()) {
      if (part === '') continue
      const parts = cookie.split('.')
      parts[index] = (part.startsWith('A') ? 'B' : 'A') + part.slice(1)
      expect(await open(parts.join('.'))).toBeUndefined()
    }
  })

  test('does not open with a shorter authentication tag', async () => {
    const cookie = await oldCookie(usual, start)
    expect(await opener()(cookie.slice(0, -6))).toBeUndefined()
  })

  test.each([
    ['another content encryption of the same key', { alg: 'dir', enc: 'A128CBC-HS256' }],
    ['a wrapped key', { alg: 'A256KW', enc: 'A256GCM' }],
    ['a key wrapped with GCM', { alg: 'A256GCMKW', enc: 'A256GCM' }],
  ])('does not open with %s', async (_, header) => {
    const cookie = await new CompactEncrypt(Buffer.from(JSON.stringify(usual)))
      .setProtectedHeader({ ...header, iat: start, uat: start, exp: start + 60 })
      .encrypt(oldKey(oldSecret))
    expect(await opener()(cookie)).toBeUndefined()
  })

  test.each([
    ['zip', { zip: 'DEF' }],
    ['crit', { crit: ['iat'] }],
  ])('does not open with %s in its header', async (_, members) => {
    const cookie = await oldCookie(usual, start)
    const [, ...rest] = cookie.split('.')
    const header = { alg: 'dir', enc: 'A256GCM', iat: start, uat: start, exp: start + 60, ...members }
    expect(
      await opener()([Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.')),
    ).toBeUndefined()
  })

  test.each([[''], ['.'], ['....'], ['a.b.c'], ['%%%'], ['x'.repeat(16_384)]])(
    'does not open where it is %j',
    async (value) => {
      expect(await opener()(value)).toBeUndefined()
    },
  )
})

describe('the session of express-openid-connect in a store', () => {
  test('is read from a store that calls back, and from one that returns a promise', async () => {
    const back = {
      get: (sid: string, done: (error: unknown, found?: unknown) => void) =>
        done(null, sid === 'an-id' ? stored : null),
    }
    const promised = { get: (sid: string) => Promise.resolve(sid === 'an-id' ? stored : undefined) }
    for (const store of [back, promised]) {
      const open = opener({ store })
      expect(await open('an-id')).toMatchObject({ subject: 'alice', createdAt: start, accessToken: 'access' })
      expect(await open('another')).toBeUndefined()
    }
  })

  test('needs the signature where cookies are signed', async () => {
    const open = opener({ store: { get: () => Promise.resolve(stored) }, signSessionStoreCookie: true })
    expect(await open(signedId('an-id'))).toMatchObject({ subject: 'alice' })
    for (const value of [
      'an-id',
      'an-id.',
      `other.${signedId('an-id').split('.')[1]}`,
      signedId('an-id', 'another secret'),
    ]) {
      expect(await open(value)).toBeUndefined()
    }
  })

  test('is not known while its store fails', async () => {
    const failing = [
      { get: () => Promise.reject(new Error('down')) },
      { get: (_: string, done: (error: unknown) => void) => done(new Error('down')) },
      {
        get: () => {
          throw new Error('down')
        },
      },
    ]
    for (const store of failing) {
      await expect(opener({ store })('an-id')).rejects.toMatchObject({ code: 'session_store_unavailable' })
    }
  })
})
