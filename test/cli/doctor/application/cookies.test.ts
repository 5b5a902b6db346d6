import { describe, expect, test } from '@jest/globals'
import { checkCookies } from '../../../../lib/cli/doctor/application/cookies.js'
import { systemRuntime } from '../../../../lib/base/runtime.js'
import { parseOidcOptions } from '../../../../lib/options/oidc/schema.js'
import { createApplication } from '../../../../lib/relying-party/application.js'
import { Clock } from '../../../kit/clock.js'
import { FakeStore } from '../../../kit/stores/memory.js'
import { secret } from '../diagnosis.js'

function check(session: object, tokenLength?: number, runtime = systemRuntime) {
  const options = { issuer: 'https://id.example.com', clientId: 'web', baseUrl: 'https://app.example.com', secret }
  const application = createApplication(parseOidcOptions({ ...options, session }), ['doctor'], runtime)
  return checkCookies(application, tokenLength)
}

const roomIn = ({ message }: { message: string }) => Number(/room for about (\d+)/.exec(message)?.[1])

describe('doctor, about the room in cookies', () => {
  test('measures the room, which the option decides', () => {
    const [usual, large] = [
      check({}),
      check({ maxCookieBytes: 12_288, cookie: { sameSite: 'Strict', domain: 'example.com' } }),
    ]
    expect(usual.status).toBe('unknown')
    expect(roomIn(usual)).toBeGreaterThan(5500)
    expect(roomIn(large) - roomIn(usual)).toBeGreaterThan(4500)
  })

  test('judges by a token that was measured: all fit, some are left out, or nothing does', () => {
    expect([1000, 2300, 9000].map((length) => check({}, length).status)).toEqual(['ok', 'warn', 'fail'])
  })

  test('takes no failure of the machine for tokens that are too long', () => {
    const randomBytes = () => {
      throw new Error('no random numbers')
    }
    expect(() => check({}, 1000, { ...systemRuntime, randomBytes })).toThrow('no random numbers')
  })

  test('has nothing to measure where sessions are elsewhere', () => {
    expect(check({ store: new FakeStore(new Clock()) })).toMatchObject({ status: 'ok' })
    expect(check({ use: 'request' })).toMatchObject({ status: 'unknown' })
  })
})
