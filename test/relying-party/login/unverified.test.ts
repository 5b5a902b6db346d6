import { afterEach, describe, expect, test } from '@jest/globals'
import { type CompletedLogin, claim, requireAuth } from '../../../lib/index.js'
import { unverifiedParameters } from '../../../lib/relying-party/login/unverified.js'
import { guarded } from '../../kit/world/applications.js'
import { comeBack, toCallback, withParameters } from '../../kit/world/steps.js'
import { startWorld, type World } from '../../kit/world/world.js'

const read = (query: string) => unverifiedParameters(new URLSearchParams(query))
const user = JSON.stringify({ name: { firstName: 'Ada', lastName: 'Lovelace' }, email: 'ada@example.com' })

describe('what comes with an authorization response and is not signed', () => {
  test('is every parameter that is not one of the protocol', () => {
    const query = 'code=c&state=s&iss=i&scope=openid&session_state=abc&kc_action_status=success&error=e&id_token=t'
    expect({ ...read(query) }).toEqual({ session_state: 'abc', kc_action_status: 'success' })
  })

  test('has the user of Apple as an object', () => {
    expect(read(new URLSearchParams({ user }).toString()).user).toMatchObject({ name: { firstName: 'Ada' } })
  })

  test.each(['Ada', '"Ada"', '[1]', 'null', '{"__proto__":{"isAdmin":true}}', '{'])(
    'has no user of the text %s',
    (text) => {
      expect(read(new URLSearchParams({ user: text }).toString())).not.toHaveProperty('user')
    },
  )

  test.each([
    ['repeated', 'session_state=a&session_state=b'],
    ['too long', `session_state=${'x'.repeat(4097)}`],
    ['named too long', `${'n'.repeat(65)}=x`],
    ['named __proto__', '__proto__=x'],
  ])('has no parameter that is %s', (_what, query) => {
    expect(Object.keys(read(query))).toEqual([])
  })

  test('has twenty parameters at most', () => {
    const query = Array.from({ length: 50 }, (_, index) => `p${index}=x`).join('&')
    expect(Object.keys(read(query))).toHaveLength(20)
  })

  test('inherits nothing, and is frozen at every depth', () => {
    const found = read(new URLSearchParams({ user, a: 'b' }).toString())
    expect([found['toString'], found['constructor'], found.user?.['toString']]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    const name: unknown = found.user?.['name']
    expect([found, found.user, name].map((value) => Object.isFrozen(value))).toEqual([true, true, true])
  })
})

describe('a login whose response has further parameters', () => {
  let world: World
  afterEach(() => world.close())

  test('has them in onLogin only: neither the session nor a guard sees them', async () => {
    const seen: CompletedLogin[] = []
    world = await startWorld({
      layers: [guarded('/admin', requireAuth(claim('role', 'admin')))],
      oidc: { onLogin: (login) => void seen.push(login) },
    })
    const response = withParameters(await toCallback(world), { role: 'admin', user, kc_action_status: 'success' })
    await comeBack(response, world.browser)
    expect(seen).toEqual([expect.objectContaining({ claims: expect.objectContaining({ sub: 'alice' }) })])
    expect(seen[0]?.unverified).toMatchObject({
      role: 'admin',
      kc_action_status: 'success',
      user: { email: 'ada@example.com' },
    })
    expect(seen[0]?.claims).not.toHaveProperty('role')
    expect((await world.browser.fetch(world.url('/admin'))).status).toBe(403)
    expect(JSON.stringify(await world.me())).not.toMatch(/kc_action_status|ada@example/)
  })
})
