import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { warnOfUnsharedRefreshes } from '../../../lib/options/oidc/unshared-refreshes.js'
import type { OidcOptions } from '../../../lib/options/oidc/options.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { isOneOfSeveral } from '../../../lib/options/common/several-processes.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { Clock } from '../../kit/clock.js'

const configurationOf = (changes: Partial<OidcOptions> = {}) =>
  parseOidcOptions({
    issuer: 'https://op.example.com',
    clientId: 'web',
    clientSecret: 'secret',
    baseUrl: 'https://app.example.com',
    secret: 'a secret for tests only, 32 characters at least',
    scope: 'openid offline_access',
    ...changes,
  })

let warned: unknown[]
beforeEach(() => {
  warned = []
  jest.spyOn(process, 'emitWarning').mockImplementation((...args: unknown[]) => void warned.push(args))
})
afterEach(() => void jest.restoreAllMocks())

describe('several processes without a shared store', () => {
  const sharedStore = new FakeStore(new Clock())

  test('are warned where they ask for refresh tokens, once', () => {
    warnOfUnsharedRefreshes(configurationOf(), false)
    warnOfUnsharedRefreshes(configurationOf({ scope: 'openid' }), true)
    warnOfUnsharedRefreshes(configurationOf({ sharedStore: sharedStore }), true)
    warnOfUnsharedRefreshes(configurationOf({ session: { store: sharedStore } }), true)
    expect(warned).toEqual([])
    warnOfUnsharedRefreshes(configurationOf(), true)
    warnOfUnsharedRefreshes(configurationOf(), true)
    expect(warned).toEqual([
      [expect.stringContaining('sharedStore'), expect.objectContaining({ code: 'EXPRESS_OIDC_UNSHARED_REFRESHES' })],
    ])
  })

  test('are warned where a login brings a refresh token that nobody asked for, once', async () => {
    jest.resetModules()
    const { warnOfUnsharedRefreshes: warn } = await import('../../../lib/options/oidc/unshared-refreshes.js')
    const unasked = configurationOf({ scope: 'openid' })
    warn(unasked, true)
    warn(unasked, false, true)
    warn(configurationOf({ scope: 'openid', sharedStore: sharedStore }), true, true)
    expect(warned).toEqual([])
    warn(unasked, true, true)
    warn(unasked, true, true)
    expect(warned).toHaveLength(1)
  })

  test('are detected by PM2’s number, or as workers of a cluster', () => {
    expect([isOneOfSeveral({}), isOneOfSeveral({ NODE_APP_INSTANCE: '0' })]).toEqual([false, true])
  })
})
