import { afterEach, describe, expect, test } from '@jest/globals'
import { apple } from '../../../lib/providers/index.js'
import { Clock } from '../../kit/clock.js'
import { publicJwk } from '../../kit/provider/keys.js'
import { TestTransmitter } from '../../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../../kit/signals/world.js'

let world: SignalsWorld
afterEach(() => world.close())

async function start(): Promise<TestTransmitter> {
  const clock = new Clock()
  const transmitter = new TestTransmitter(clock, 'https://appleid.apple.com')
  transmitter.intercept = ({ url }) =>
    url.pathname === '/auth/keys' ? Response.json({ keys: transmitter.keys.map(publicJwk) }) : undefined
  world = await startSignals({ clock, from: transmitter, transmitter: apple.signals() })
  return transmitter
}

/** A notification as Apple sends it: the event is JSON in a text, and the token is in JSON. */
async function notify(transmitter: TestTransmitter, event: unknown) {
  return send(transmitter, typeof event === 'string' ? event : JSON.stringify(event))
}

async function send(transmitter: TestTransmitter, events: unknown) {
  const claims = { exp: transmitter.clock.seconds + 86_400 }
  const payload = await transmitter.mint(events, undefined, { claims, header: { typ: undefined } })
  return world.push(JSON.stringify({ payload }), { 'content-type': 'application/json' })
}

describe('apple.signals()', () => {
  test.each(['consent-revoked', 'account-delete', 'account-deleted'])(
    '%s ends the sessions of the person',
    async (type) => {
      const transmitter = await start()
      const [cookie, other] = [await world.signIn(), await world.signIn('bob')]
      const happened = transmitter.clock.now() - 1000
      transmitter.clock.advance(1)
      const answer = await notify(transmitter, { type, sub: 'alice', event_time: happened + 1000 })
      expect([answer.status, answer.text]).toEqual([200, ''])
      expect([await world.who(cookie), await world.who(other)]).toEqual([null, 'bob'])
      expect(world.events).toMatchObject([{ type, occurredAt: (happened + 1000) / 1000, action: 'ended' }])
    },
  )

  test("an event in the form of Apple's pages, an object with a time in seconds, ends the sessions of the person", async () => {
    const transmitter = await start()
    const cookie = await world.signIn()
    const happened = transmitter.clock.seconds
    transmitter.clock.advance(60)
    const young = await world.signIn()
    const event = { type: 'consent-revoked', sub: 'alice', event_time: happened }
    expect((await send(transmitter, event)).status).toBe(200)
    expect([await world.who(cookie), await world.who(young)]).toEqual([null, 'alice'])
    expect(world.events).toMatchObject([{ occurredAt: happened, action: 'ended' }])
  })

  test('a changed address of mail is told to the application, and ends nothing', async () => {
    const transmitter = await start()
    const cookie = await world.signIn()
    const event = {
      type: 'email-disabled',
      sub: 'alice',
      event_time: transmitter.clock.now(),
      email: 'a@privaterelay.appleid.com',
    }
    expect((await notify(transmitter, event)).status).toBe(200)
    expect(await world.who(cookie)).toBe('alice')
    expect(world.events).toMatchObject([{ type: 'email-disabled', claims: { email: event.email }, action: 'none' }])
  })

  test.each([
    ['an event that is not JSON', 'oops'],
    ['an event that is a list', '[]'],
    ['an event without a type', { sub: 'alice' }],
    ['an event without a person', { type: 'consent-revoked' }],
  ])('%s is refused', async (_what, event) => {
    expect(await notify(await start(), event)).toMatchObject({ status: 400, err: 'invalid_request' })
  })

  test('JSON without a token is refused', async () => {
    await start()
    const headers = { 'content-type': 'application/json' }
    expect(await world.push('{}', headers)).toMatchObject({ status: 400, err: 'invalid_request' })
    expect(await world.push('oops', headers)).toMatchObject({ status: 400, err: 'invalid_request' })
  })
})
