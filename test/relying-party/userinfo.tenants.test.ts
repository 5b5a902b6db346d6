import { expect, test } from '@jest/globals'
import { createRelyingParty } from '../../lib/relying-party/create.js'
import type { RefreshableSession } from '../../lib/relying-party/tokens/renewal.js'
import { sessionUserinfo } from '../../lib/relying-party/userinfo.js'
import { issuerOf, sessionAt, tenantsWorld } from '../kit/world/tenants.js'

test('userinfo() asks about the person of one tenant: another one may have the same sub', async () => {
  const { op, rp } = tenantsWorld()
  const asked: unknown[] = []
  const userinfo = async (...about: unknown[]) => (asked.push(about), { sub: 'alice' })
  const relyingParty = createRelyingParty(rp.configuration, { ...rp.provider, userinfo }, op.clock)
  const session: RefreshableSession = {
    current: () => sessionAt('ours'),
    store: () => undefined,
    clear: () => undefined,
    reload: () => sessionAt('ours'),
    canStore: () => true,
  }
  expect(await sessionUserinfo(relyingParty, session)).toMatchObject({ sub: 'alice' })
  expect(asked).toEqual([['access', 'alice', issuerOf('ours')]])
})
