import { afterEach, expect, test } from '@jest/globals'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { eventType } from '../../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../../kit/signals/world.js'

let world: SignalsWorld
const audited: unknown[] = []
const traced: unknown[] = []
const note = (event: unknown) => void audited.push(event)
const trace = (event: unknown) => void traced.push(event)
afterEach(async () => {
  unsubscribe('express-oidc:audit', note)
  unsubscribe('tracing:express-oidc:signal:error', trace)
  await world.close()
})

test('audits what is received, what it ends and what is refused, and traces why', async () => {
  subscribe('express-oidc:audit', note)
  subscribe('tracing:express-oidc:signal:error', trace)
  world = await startSignals()
  const { issuer } = world.transmitter
  await world.push(await world.transmitter.revocation('alice', { claims: { aud: 'others' } }))
  await world.push(await world.transmitter.revocation())
  expect(audited).toMatchObject([
    { name: 'signal_refused', reason: 'token_audience_mismatch', issuer, path: '/signals' },
    { name: 'signal_received', signal: eventType('session-revoked'), subject: 'alice', issuer },
    { name: 'logout', via: 'signal', subject: 'alice', issuer, clientId: 'web' },
  ])
  expect(traced).toMatchObject([{ step: 'signal', errorCode: 'token_audience_mismatch', issuer }])
})
