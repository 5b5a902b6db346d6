import { afterEach, expect, test } from '@jest/globals'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { eventType, issSub, TestTransmitter } from '../../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../../kit/signals/world.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { until } from '../../kit/until.js'

let world: SignalsWorld
afterEach(() => world.close())

test('while the store is down an event is neither acknowledged nor refused, and the failure is told', async () => {
  const clock = new Clock()
  const store = new FakeStore(clock)
  const transmitter = new TestTransmitter(clock)
  const failures: unknown[] = []
  world = await startSignals({
    clock,
    from: transmitter,
    oidc: { sharedStore: store },
    transmitter: { poll: { url: 'https://id.example/poll' }, accessToken: () => 'token' },
    signals: { onError: (error) => void failures.push(error) },
  })
  const events = { [eventType('session-revoked')]: {} }
  const token = await transmitter.mint(events, issSub(transmitter.issuer), { claims: { jti: 'j1' } })
  const bodies: unknown[] = []
  transmitter.intercept = ({ url, body }) => {
    if (url.pathname !== '/poll') return undefined
    bodies.push(body)
    return Response.json({ sets: { j1: token } })
  }
  store.outage = true
  const polling = world.signals.poll()
  await until(() => failures.length > 0)
  expect(failures).toMatchObject([{ code: 'session_store_unavailable' }])
  expect(bodies).toEqual([{ maxEvents: 100, returnImmediately: false }])
  world.signals.close()
  await polling
})

test('a transmitter that refuses the token is told to the application', async () => {
  const clock = new Clock()
  const transmitter = new TestTransmitter(clock)
  const failures: { code: string }[] = []
  const answers = [new Response('', { status: 403 })]
  transmitter.intercept = ({ url }) => (url.pathname === '/poll' ? answers.shift() : undefined)
  const onError = (error: unknown) => void failures.push(error as { code: string })
  const poll = { url: 'https://id.example/poll', intervalSeconds: 1 }
  world = await startSignals({ clock, from: transmitter, transmitter: { poll }, signals: { onError } })
  const polling = world.signals.poll()
  await until(() => failures.length > 0)
  expect(failures[0]?.code).toBe('provider_refused_client')
  world.signals.close()
  await polling
})

test('poll() without a transmitter to poll is an error of the set-up', async () => {
  world = await startSignals()
  expect(await failureOf(world.signals.poll())).toMatchObject({ code: 'invalid_options' })
  expect(await failureOf(() => world.signals.streams('https://other.example'))).toMatchObject({
    code: 'invalid_options',
  })
})
