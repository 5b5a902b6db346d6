import { expect, test } from '@jest/globals'
import { takeOver } from '../../../lib/relying-party/migration/take-over.js'
import { Clock, start } from '../../kit/clock.js'
import { idToken, limits } from '../../session/example.js'

const old = {
  idToken: idToken(),
  accessToken: 'old-access',
  tokenType: 'bearer',
  createdAt: start - 900,
  touchedAt: start - 10,
  endsAt: start + 900,
  data: {},
}

/** Takes it over where the UserInfo endpoint tells the role. */
function takenOver(userinfo: boolean) {
  const rp = {
    configuration: { userinfo, authorizationParams: {}, session: { ...limits, cookie: { transient: false } } },
    runtime: new Clock(),
    provider: {
      idTokens: { validate: async () => ({ iss: 'https://op.example.com', sub: 'alice' }) },
      userinfo: async () => ({ sub: 'alice', role: 'admin' }),
    },
  }
  return takeOver(rp as never, old as never, '/', async () => ({ data: {} }))
}

test('a session that is taken over knows when its claims from UserInfo were fetched', async () => {
  expect(await takenOver(true)).toMatchObject({ userinfo: { role: 'admin' }, userinfoAt: start })
})

test('a session that is taken over without them knows no such time', async () => {
  const session = await takenOver(false)
  for (const name of ['userinfo', 'userinfoAt']) expect(session).not.toHaveProperty(name)
})
