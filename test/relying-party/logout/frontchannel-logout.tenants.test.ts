import { expect, test } from '@jest/globals'
import { handleFrontchannelLogout } from '../../../lib/relying-party/logout/frontchannel-logout.js'
import { plainRequest } from '../../kit/request.js'
import { issuerOf, sessionAt, tenantsWorld } from '../../kit/world/tenants.js'

test.each([
  ['ours', true],
  ['theirs', false],
])('a front-channel logout of a tenant ends its own sessions only: %s', async (tenant, ends) => {
  const { rp, isAlive } = tenantsWorld()
  const query = new URLSearchParams({ iss: issuerOf(tenant), sid: 'a-sid' })
  const request = plainRequest({}, 'GET', `/frontchannel-logout?${query}`)
  expect(await handleFrontchannelLogout(rp, request, sessionAt('ours'))).toMatchObject({ endsSession: ends })
  expect([await isAlive('ours'), await isAlive('theirs')]).toEqual([!ends, true])
})
