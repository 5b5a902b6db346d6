import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, test } from '@jest/globals'
import { auditChannel } from '../../../lib/base/audit/audit.js'
import { handleBackchannelLogout } from '../../../lib/relying-party/logout/backchannel-logout.js'
import { mint } from '../../kit/provider/keys.js'
import { plainRequest } from '../../kit/request.js'
import { logoutEvent } from '../../kit/world/logout-world.js'
import { issuerOf, tenantsWorld } from '../../kit/world/tenants.js'

test.each([{ sub: 'alice' }, { sub: undefined, sid: 'a-sid' }, { sub: 'alice', sid: 'a-sid' }])(
  'BC13: a logout token of one tenant ends no session of another one with the same names: %j',
  async (names) => {
    const { op, rp, isAlive } = tenantsWorld()
    const told: unknown[] = []
    const listen = (event: unknown) => void told.push(event)
    subscribe(auditChannel, listen)
    const { nonce: _, ...claims } = op.claims({ iss: issuerOf('ours'), tid: 'ours', jti: 'jti-1', ...names })
    const token = await mint({ ...claims, events: { [logoutEvent]: {} } })
    const form = async () => new URLSearchParams({ logout_token: token })
    const answer = await handleBackchannelLogout(rp, { ...plainRequest({}, 'POST'), form })
    unsubscribe(auditChannel, listen)
    expect(answer).toMatchObject({ status: 200 })
    expect([await isAlive('ours'), await isAlive('theirs')]).toEqual([false, true])
    expect(told).toEqual([expect.objectContaining({ name: 'logout', via: 'backchannel' })])
    expect(told).toEqual([
      names.sub === undefined ? expect.anything() : expect.objectContaining({ subject: names.sub }),
    ])
  },
)
