import { describe, expect, test } from '@jest/globals'
import { oldSessionIn } from '../../../lib/session/migration/old-session.js'
import { start } from '../../kit/clock.js'
import { idToken } from '../example.js'

const header = { iat: start, uat: start + 7, exp: start + 60 }
const content = { id_token: idToken() }
const least = {
  idToken: idToken(),
  issuer: 'https://op.example.com',
  subject: 'alice',
  createdAt: start,
  touchedAt: start + 7,
  endsAt: start + 60,
  tokenType: 'bearer',
  data: {},
}

describe('a session of express-openid-connect', () => {
  test('needs no more than times and an ID Token', () => {
    const found = oldSessionIn(header, content)
    expect(found).toEqual(least)
    expect(Object.keys(found ?? {})).not.toEqual(expect.arrayContaining(['accessToken']))
    expect(Object.values(found ?? {})).not.toContain(undefined)
  })

  test.each([
    [null, content],
    [undefined, content],
    [[], content],
    [header, null],
    [header, []],
    [header, 'text'],
  ])('is none where its header is %j and its content %j', (givenHeader, givenContent) => {
    expect(oldSessionIn(givenHeader, givenContent)).toBeUndefined()
  })

  test.each(['iat', 'uat', 'exp'])('is none unless its %s is a time', (name) => {
    expect(oldSessionIn({ ...header, [name]: 1 }, content)).toBeDefined()
    for (const time of [0, -1, NaN, Infinity, String(start), undefined, null]) {
      expect(oldSessionIn({ ...header, [name]: time }, content)).toBeUndefined()
    }
  })

  test.each([[undefined], [null]])(
    'an old session is read as one without a sessionExpiresAt where that is %j',
    (sessionExpiresAt) => {
      expect(oldSessionIn(header, { ...content, sessionExpiresAt })).toEqual(oldSessionIn(header, content))
    },
  )

  test.each([0, '', start + 60, false])('is none with an end of the provider’s: %j', (sessionExpiresAt) => {
    expect(oldSessionIn(header, { ...content, sessionExpiresAt })).toBeUndefined()
  })

  test.each([
    ['the type of its tokens is in lower case', { token_type: 'DPoP' }, { tokenType: 'dpop' }],
    ['the type of its tokens is no text', { token_type: 5 }, { tokenType: 'bearer' }],
    ['the end of its access token is a time', { expires_at: start + 9 }, { expiresAt: start + 9 }],
    ['the end of its access token is 0', { expires_at: 0 }, {}],
    ['the end of its access token is text', { expires_at: String(start) }, {}],
    ['its access token is empty', { access_token: '' }, {}],
    ['its access token is no text', { access_token: 5 }, {}],
    ['its refresh token is empty', { refresh_token: '' }, {}],
    ['its tokens are text', { access_token: 'a', refresh_token: 'r' }, { accessToken: 'a', refreshToken: 'r' }],
    ['it has a sid, which is that of the ID Token', { sid: 's' }, {}],
    ['the application has added to it', { cart: 1, id: 2 }, { data: { cart: 1, id: 2 } }],
  ])('is read where %s', (_what, members, expected) => {
    const found = oldSessionIn(header, { ...content, ...members })
    expect(found).toEqual({ ...least, ...expected })
    expect(Object.values(found ?? {})).not.toContain(undefined)
  })

  test.each([
    ['iss', { iss: '' }],
    ['iss', { iss: 5 }],
    ['sub', { sub: '' }],
    ['sub', { sub: undefined }],
  ])('is none where the %s of its ID Token is missing: %j', (_name, claims) => {
    expect(oldSessionIn(header, { id_token: idToken(claims) })).toBeUndefined()
  })

  test.each(['', 'a', 'a.', '.e30.', 'a.b.c', undefined, 5])('is none with an ID Token such as %j', (token) => {
    expect(oldSessionIn(header, { id_token: token })).toBeUndefined()
  })
})
