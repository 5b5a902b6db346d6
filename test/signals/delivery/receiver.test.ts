import { afterEach, describe, expect, test } from '@jest/globals'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { eventType } from '../../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../../kit/signals/world.js'
import { pastDeadline } from '../../kit/timers.js'
import { settled, until } from '../../kit/until.js'

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

test('SG03: two deliveries of one token at once act once, and tell once', async () => {
  const told: string[] = []
  let finish: () => void = () => undefined
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const onEvent = async ({ jti }: { readonly jti: string }) => {
    told.push(jti)
    await finished
  }
  const begun: unknown[] = []
  const begin = (event: unknown) => void begun.push(event)
  subscribe('tracing:express-oidc:signal:start', begin)
  world = await startSignals({ signals: { onEvent } })
  const token = await world.transmitter.revocation('alice', { claims: { jti: 'j1' } })
  const answers = Promise.all([world.push(token), world.push(token)])
  await until(() => begun.length === 2 && told.length > 0)
  await settled()
  finish()
  unsubscribe('tracing:express-oidc:signal:start', begin)
  expect((await answers).map(({ status }) => status)).toEqual([202, 202])
  expect(told).toEqual(['j1'])
})

describe('a function of the application that never returns', () => {
  const never = () => new Promise<never>(() => undefined)

  test('is an outage for a push, which comes again, if it finds sessions', async () => {
    world = await startSignals({ transmitter: { subjects: never } })
    const events = { [eventType('session-revoked')]: {} }
    const token = await world.transmitter.mint(events, { format: 'email', email: 'alice@example.com' })
    const { status, headers } = await pastDeadline(5, () => world.push(token))
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
  })

  test('is an outage for a push, which comes again and is not audited as refused, if it is told of events', async () => {
    subscribe('express-oidc:audit', note)
    const before = audited.length
    world = await startSignals({ signals: { onEvent: never } })
    const token = await world.transmitter.revocation()
    const { status, headers } = await pastDeadline(60, () => world.push(token))
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
    expect(audited.slice(before)).not.toContainEqual(expect.objectContaining({ name: 'signal_refused' }))
  })
})
