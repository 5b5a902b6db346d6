import { describe, expect, jest, test } from '@jest/globals'
import { isUnderWay } from '../../../../lib/options/oidc/migration/migrate-from.js'
import { parseProvidersOptions } from '../../../../lib/options/oidc/providers/parse-providers.js'
import { parseOidcOptions } from '../../../../lib/options/oidc/schema.js'
import { Clock } from '../../../kit/clock.js'
import { FakeStore } from '../../../kit/stores/memory.js'

const sharedStore = new FakeStore(new Clock())
const usual = { package: 'express-openid-connect', secret: 'the old secret', until: '2026-12-24' }

function parsed(migrateFrom: object, others: object = { sharedStore }, session: object = {}) {
  return parseOidcOptions({
    issuer: 'https://op.example.com',
    clientId: 'web',
    clientSecret: 'a secret of the client',
    baseUrl: 'https://app.example.com',
    secret: 'a secret for tests only, 32 characters at least',
    session: { migrateFrom, ...session },
    ...others,
  }).session.migrateFrom
}

describe('session.migrateFrom', () => {
  test('has the usual name and place of the cookie by default', () => {
    expect(parsed(usual)).toEqual({
      package: 'express-openid-connect',
      secret: ['the old secret'],
      until: Date.UTC(2026, 11, 24),
      signSessionStoreCookie: false,
      cookie: { name: 'appSession', path: '/' },
    })
  })

  test.each([
    ['a Date', new Date(1_800_000_000_000), 1_800_000_000_000],
    ['a day', '2026-12-24', Date.UTC(2026, 11, 24)],
    ['a moment in UTC', '2026-12-24T06:30:00Z', Date.UTC(2026, 11, 24, 6, 30)],
    ['a moment with an offset', '2026-12-24T06:30+01:00', Date.UTC(2026, 11, 24, 5, 30)],
  ])('ends at %s', (_, until, expected) => {
    expect(parsed({ ...usual, until })?.until).toBe(expected)
  })

  test.each([
    ['an end that is missing', { until: undefined }, /"session.migrateFrom.until".*a Date, or text/],
    ['an end without offset, whose moment depends on the machine', { until: '2026-12-24T06:30' }, /until" must be/],
    ['an end that is not a date', { until: 'soon' }, /until" must be/],
    ['an end on a day that does not exist', { until: '2026-13-45' }, /until" must be/],
    ['an invalid Date', { until: new Date(NaN) }, /until" must be/],
    ['a number as its end', { until: 1_800_000_000_000 }, /until" must be/],
    ['a secret that is missing', { secret: undefined }, /"session.migrateFrom.secret".*must be the secret of the old/],
    ['a secret that is too short', { secret: 'short' }, /secret" must be/],
    ['no secret at all', { secret: [] }, /secret" must hold at least one/],
    ['another package', { package: 'next-auth' }, /package" must be "express-openid-connect"/],
    ['a store that cannot be read', { store: {} }, /store" must be the session store/],
    ['a relative path', { cookie: { path: 'app' } }, /path" must be a path/],
    ['a name with a separator', { cookie: { name: 'a;b' } }, /name" must be/],
    ['an unknown member', { untill: '2026-12-24' }, /did you mean "until"/],
  ])('refuses %s', (_, changes, message) => {
    expect(() => parsed({ ...usual, ...changes })).toThrow(message)
  })

  test('never shows the old secret in an error', () => {
    const secret = 'short-7'
    expect(() => parsed({ ...usual, secret })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(secret) }),
    )
  })

  test('needs a shared store, which session.store may be', () => {
    expect(() => parsed(usual, {})).toThrow(/must have "sharedStore" with "session.migrateFrom"/)
    const expressStore = { get: () => undefined, set: () => undefined, destroy: () => undefined }
    expect(() => parsed(usual, {}, { store: expressStore })).toThrow(/must have "sharedStore"/)
    expect(parsed(usual, {}, { store: sharedStore })).toBeDefined()
  })

  test('does not go together with the session of another middleware', () => {
    expect(() => parsed(usual, { sharedStore }, { use: 'request' })).toThrow(
      /both "session.migrateFrom" and "session.use"/,
    )
  })

  test('does not go together with several providers', () => {
    const options = { baseUrl: 'https://app.example.com', secret: 'x'.repeat(8) + 'a secret for tests, long enough' }
    const providers = {
      one: { issuer: 'https://op.example.com', clientId: 'web', clientSecret: 'a secret of the client' },
    }
    expect(() =>
      parseProvidersOptions({ ...options, providers, sharedStore, session: { migrateFrom: usual } }),
    ).toThrow(/"session.migrateFrom" must not be given with "providers"/)
  })
})

describe('the end of taking sessions over', () => {
  const now = Date.UTC(2026, 11, 1)

  test('may be 30 days ahead, and not a millisecond more', () => {
    const most = now + 30 * 86_400_000
    expect(isUnderWay({ until: most }, now)).toBe(true)
    expect(() => isUnderWay({ until: most + 1 }, now)).toThrow(
      /"session.migrateFrom.until" must be at most 30 days ahead, so by 2026-12-31T00:00:00.000Z/,
    )
  })

  test('is announced at the start once it has passed', () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    expect(isUnderWay({ until: now }, now)).toBe(false)
    expect(emitWarning.mock.calls).toEqual([
      [
        expect.stringMatching(/has done nothing since 2026-12-01.*remove it, and the old secret/),
        { type: 'ExpressOidcWarning', code: 'EXPRESS_OIDC_MIGRATION_OVER' },
      ],
    ])
    emitWarning.mockRestore()
  })
})
