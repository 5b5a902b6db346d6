import { beforeEach, describe, expect, test } from '@jest/globals'
import { createSeal } from '../../../lib/seal/seal.js'
import { DeviceCookies, type DeviceCookieSettings } from '../../../lib/session/device-bound/device-cookies.js'
import { Clock, start } from '../../kit/clock.js'
import { audience } from '../../kit/stores/stores.js'
import { sentBack, settings } from '../example.js'

let clock: Clock
let cookies: DeviceCookies
beforeEach(() => {
  clock = new Clock()
  cookies = cookiesWith()
})

const { secrets } = settings(new Clock())
const name = '__Host-oidc.bound-binding'

function cookiesWith(changes: Partial<DeviceCookieSettings> = {}): DeviceCookies {
  const usual = { name: 'oidc', secure: true, sameSite: 'lax' as const, seconds: 300, secrets, audience }
  return new DeviceCookies({ ...usual, runtime: clock, ...changes })
}

const written = (): Record<string, string> => sentBack([cookies.write('binding', 'of-the-key')])

describe('the cookie of a bound session', () => {
  test('names the key that was proved, and when the next proof is due', () => {
    clock.advance(0.75)
    expect(cookies.read('binding', written())).toEqual({ thumbprint: 'of-the-key', endsAt: start + 300 })
  })

  test('counts for the seconds of the options, and not in the last one’s end', () => {
    const sent = written()
    clock.advance(299)
    expect(cookies.read('binding', sent)).toBeDefined()
    clock.advance(1)
    expect(cookies.read('binding', sent)).toBeUndefined()
  })

  test('has a name of its own for each binding, and counts for no other', () => {
    expect(cookies.nameOf('binding')).toBe(name)
    const sent = written()
    expect(Object.keys(sent)).toEqual([name])
    expect(cookies.read('another', sent)).toBeUndefined()
    expect(cookies.read('another', { '__Host-oidc.bound-another': sent[name] })).toBeUndefined()
    expect(cookies.read('binding', {})).toBeUndefined()
    expect(cookies.read('binding', { [name]: 'garbage' })).toBeUndefined()
  })

  test.each([
    ['another application', { audience: ['https://op.example.com', 'other'] }],
    ['another secret', { secrets: ['another secret, of 32 characters at least'] }],
  ])('does not count with %s', (_what, changes) => {
    expect(cookiesWith(changes).read('binding', written())).toBeUndefined()
  })

  test('does not count under the name of another session’s cookie', () => {
    const { [name]: value } = written()
    const others = cookiesWith({ name: 'other' })
    expect(others.read('binding', { [others.nameOf('binding')]: value })).toBeUndefined()
  })

  test.each([
    ['another version', { v: 2 }],
    ['no version', { v: undefined }],
    ['no key', { t: undefined }],
    ['a key that is no text', { t: 5 }],
    ['no binding', { d: undefined }],
  ])('does not count with %s', (_what, changes) => {
    const seal = createSeal(secrets, ['device cookie', '__Host-oidc.bound-', ...audience], clock)
    const members = { v: 1, exp: start + 60, d: 'binding', t: 'of-the-key' }
    expect(cookies.read('binding', { [name]: seal.seal(members) })).toEqual({
      thumbprint: 'of-the-key',
      endsAt: start + 60,
    })
    expect(cookies.read('binding', { [name]: seal.seal({ ...members, ...changes }) })).toBeUndefined()
  })

  test.each([
    ['https', {}, '__Host-oidc', 'Path=/; HttpOnly; Secure; SameSite=Lax'],
    ['http', { secure: false }, 'oidc', 'Path=/; HttpOnly; SameSite=Lax'],
    ['strictness', { sameSite: 'strict' as const }, '__Host-oidc', 'Path=/; HttpOnly; Secure; SameSite=Strict'],
  ])('has the attributes of %s, which it tells', (_what, changes, prefix, attributes) => {
    cookies = cookiesWith(changes)
    expect(cookies.attributes).toBe(attributes)
    const [line = ''] = [cookies.write('binding', 'of-the-key')]
    expect(line).toMatch(new RegExp(`^${prefix}\\.bound-binding=[\\w.-]+; Max-Age=300; ${attributes}$`))
  })
})

describe('cookies of bindings that are over', () => {
  const removed = (of: string): RegExp =>
    new RegExp(`^${of}=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 .*; HttpOnly; Secure; SameSite=Lax$`)

  test('are removed one by one', () => {
    expect(cookies.remove('binding')).toMatch(removed(name))
  })

  test('or all of the browser’s, and nothing else', () => {
    const sent = {
      '__Host-oidc': 'a',
      '__Host-oidc.1': 'b',
      '__Host-oidc.bound-one': 'c',
      'x__Host-oidc.bound-two': 'd',
      '__Host-oidc.bound-three': undefined,
      '__Host-other.bound-four': 'e',
    }
    expect(cookies.removals(sent)).toEqual([
      expect.stringMatching(removed('__Host-oidc.bound-one')),
      expect.stringMatching(removed('__Host-oidc.bound-three')),
    ])
    expect(cookies.removals({})).toEqual([])
  })
})
