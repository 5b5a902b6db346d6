import { describe, expect, test } from '@jest/globals'
import { parseOptions, section } from '../../../lib/options/common/parse.js'
import { migrateFrom } from '../../../lib/options/oidc/migration/migrate-from.js'
import { createOldSessions } from '../../../lib/session/migration/express-openid-connect.js'
import { start } from '../../kit/clock.js'
import { oldSecret, signedId } from '../../kit/migration/old-sessions.js'
import { idToken } from '../example.js'

type Done = (error: unknown, session?: unknown) => void

const stored = { header: { iat: start, uat: start, exp: start + 60 }, data: { id_token: idToken() } }

function opener(options: object): ReturnType<typeof createOldSessions> {
  const given = { package: 'express-openid-connect', secret: oldSecret, until: '2026-12-24', ...options }
  const checked = parseOptions('test', section({ migrateFrom }), { migrateFrom: given }).migrateFrom
  if (checked === undefined) throw new Error('the options are there')
  return createOldSessions(checked, 0.05)
}

const later = (done: Done, session: unknown): void => void setImmediate(() => done(null, session))

describe('a store of old sessions', () => {
  test.each<[string, object]>([
    ['calls back', { get: (_sid: string, done: Done) => done(undefined, stored) }],
    ['calls back later, and returns null', { get: (_sid: string, done: Done) => (later(done, stored), null) }],
    ['returns a promise', { get: (_sid: string) => Promise.resolve(stored) }],
    ['returns a promise, and takes a callback', { get: (_sid: string, _done: Done) => Promise.resolve(stored) }],
    [
      'returns a promise of nothing, and calls back later',
      {
        get: async (_sid: string, done: Done): Promise<void> => {
          await Promise.resolve()
          later(done, stored)
        },
      },
    ],
    [
      'returns a promise of its own kind',
      { get: (_sid: string) => ({ then: (yes: (session: unknown) => unknown) => yes(stored) }) },
    ],
  ])('may be one that %s', async (_what, store) => {
    expect(await opener({ store })('an-id')).toMatchObject({ subject: 'alice' })
  })

  test.each([undefined, null, 'text', 7, {}, { header: stored.header }, { data: stored.data }])(
    'has no session where it has %j',
    async (session) => {
      expect(
        await opener({ store: { get: (_sid: string, done: Done) => done(null, session) } })('an-id'),
      ).toBeUndefined()
    },
  )

  test('has no session where it promises none, and takes no callback', async () => {
    expect(await opener({ store: { get: (_sid: string) => Promise.resolve(undefined) } })('an-id')).toBeUndefined()
  })

  test('is asked for the ID as it is in the cookie', async () => {
    const asked: string[] = []
    const store = { get: (sid: string, done: Done) => (asked.push(sid), done(null, stored)) }
    await opener({ store })('an-id.with-a-dot')
    await opener({ store, signSessionStoreCookie: true })(signedId('an-id'))
    expect(asked).toEqual(['an-id.with-a-dot', 'an-id'])
  })

  test('is not asked for an ID whose signature is none of ours, or that is empty', async () => {
    const asked: string[] = []
    const store = { get: (sid: string, done: Done) => (asked.push(sid), done(null, stored)) }
    const open = opener({ store, signSessionStoreCookie: true })
    for (const value of [signedId(''), '', '.', 'an-id', 'an-id.', signedId('an-id', 'another secret')])
      expect(await open(value)).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('may have signatures of each of several secrets, for the name of its cookie', async () => {
    const store = { get: (_sid: string, done: Done) => done(null, stored) }
    const options = { store, signSessionStoreCookie: true, secret: ['another secret', oldSecret] }
    for (const secret of options.secret)
      expect(await opener(options)(signedId('an-id', secret))).toMatchObject({ subject: 'alice' })
    const named = opener({ ...options, cookie: { name: 'sid' } })
    expect(await named(signedId('an-id', oldSecret, 'sid'))).toMatchObject({ subject: 'alice' })
    expect(await named(signedId('an-id'))).toBeUndefined()
  })

  test('is an outage where it fails or is silent', async () => {
    const refused = opener({ store: { get: () => Promise.reject(new Error('down')) } })('an-id')
    await expect(refused).rejects.toMatchObject({ message: 'the store of the old sessions failed' })
    const silent = opener({ store: { get: (_sid: string, _done: Done) => undefined } })('an-id')
    await expect(silent).rejects.toMatchObject({
      message: 'the store of the old sessions did not answer within 0.05 seconds',
    })
  })
})
