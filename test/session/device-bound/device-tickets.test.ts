import { beforeEach, describe, expect, test } from '@jest/globals'
import { createSeal } from '../../../lib/seal/seal.js'
import {
  type DeviceSession,
  DeviceTickets,
  registrationSeconds,
} from '../../../lib/session/device-bound/device-tickets.js'
import { Clock, start } from '../../kit/clock.js'
import { audience } from '../../kit/stores/stores.js'
import { settings } from '../example.js'

let clock: Clock
let tickets: DeviceTickets
beforeEach(() => {
  clock = new Clock()
  tickets = new DeviceTickets({ secrets, audience, runtime: clock })
})

const { secrets } = settings(new Clock())
const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }
const session: DeviceSession = {
  device: 'binding',
  names: { id: 'an-id', subject: 'alice', sid: 'a-sid', provider: 'a-key', issuer: 'https://id.example/a' },
  createdAt: start - 5.25,
  endsAt: start + 3600,
}
const { sid: _sid, provider: _provider, issuer: _issuer, ...plainNames } = session.names
const plain: DeviceSession = { ...session, names: plainNames }

/** The same seal as that of one kind of tickets. */
const sealOf = (purpose: string) => createSeal(secrets, [purpose, ...audience], clock)

describe('the challenge of a login', () => {
  test.each([
    ['with all its names', session],
    ['with those that every session has', plain],
  ])('names the session, %s', (_what, given) => {
    expect(tickets.openOffer(tickets.offer(given, start + 60))).toEqual(given)
  })

  test('is good for a minute, until the second in which the offer ends', () => {
    expect(registrationSeconds).toBe(60)
    const challenge = tickets.offer(session, start + 60)
    clock.advance(59)
    expect(tickets.openOffer(challenge)).toEqual(session)
    clock.advance(1)
    expect(tickets.openOffer(challenge)).toBeUndefined()
  })
})

describe('the identifier of a binding', () => {
  test.each([
    ['with all its names', session],
    ['with those that every session has', plain],
  ])('names the session, %s, and its key', (_what, given) => {
    expect(tickets.openBinding(tickets.bind(given, jwk))).toEqual({ ...given, jwk, isOver: false })
  })

  test('says from the end of the session on that it is over', () => {
    const identifier = tickets.bind(session, jwk)
    clock.advance(3599)
    expect(tickets.openBinding(identifier)?.isOver).toBe(false)
    clock.advance(1)
    expect(tickets.openBinding(identifier)).toEqual({ ...session, jwk, isOver: true })
  })

  test.each([undefined, null, 'text', [jwk]])('is none with %j for a key', (k) => {
    const members = { v: 1, exp: start + 60, d: 'b', iat: start, end: start + 60, id: 'an-id', sub: 'alice' }
    expect(tickets.openBinding(sealOf('device session').seal({ ...members, k: jwk }))).toBeDefined()
    expect(tickets.openBinding(sealOf('device session').seal({ ...members, k }))).toBeUndefined()
  })
})

describe('the challenge of a refresh', () => {
  test('opens for its binding only, for a minute', () => {
    clock.advance(0.75)
    const challenge = tickets.challenge('binding')
    const opened = { id: expect.stringMatching(/^[\w-]{16}$/), endsAt: start + 60 }
    expect(tickets.openChallenge(challenge, 'binding')).toEqual(opened)
    expect(tickets.openChallenge(challenge, 'another')).toBeUndefined()
    clock.seconds = start + 59
    expect(tickets.openChallenge(challenge, 'binding')).toEqual(opened)
    clock.seconds = start + 60
    expect(tickets.openChallenge(challenge, 'binding')).toBeUndefined()
  })

  test('is another one each time', () => {
    const ids = [1, 2].map(() => tickets.openChallenge(tickets.challenge('binding'), 'binding')?.id)
    expect(new Set(ids).size).toBe(2)
  })

  test.each([
    ['another version', { v: 2 }],
    ['no version', { v: undefined }],
    ['another binding', { d: 'another' }],
    ['no binding', { d: undefined }],
    ['no id', { j: undefined }],
    ['an id that is no text', { j: 5 }],
  ])('does not open with %s', (_what, changes) => {
    const members = { v: 1, exp: start + 60, d: 'binding', j: 'an-id' }
    const challenges = sealOf('device challenge')
    expect(tickets.openChallenge(challenges.seal(members), 'binding')).toEqual({ id: 'an-id', endsAt: start + 60 })
    expect(tickets.openChallenge(challenges.seal({ ...members, ...changes }), 'binding')).toBeUndefined()
  })
})

describe('what a browser keeps of a binding', () => {
  const opened = (text: string): readonly boolean[] =>
    [tickets.openOffer(text), tickets.openBinding(text), tickets.openChallenge(text, 'binding')].map(
      (each) => each !== undefined,
    )

  test('opens as what it is, and as nothing else', () => {
    expect(opened(tickets.offer(session, start + 60))).toEqual([true, false, false])
    expect(opened(tickets.bind(session, jwk))).toEqual([false, true, false])
    expect(opened(tickets.challenge('binding'))).toEqual([false, false, true])
    // Not even where its members would do for all three.
    const members = {
      v: 1,
      exp: start + 60,
      d: 'binding',
      iat: start,
      end: start + 60,
      id: 'i',
      sub: 's',
      k: jwk,
      j: 'j',
    }
    for (const [index, purpose] of ['device registration', 'device session', 'device challenge'].entries())
      expect(opened(sealOf(purpose).seal(members))).toEqual([0, 1, 2].map((place) => place === index))
  })

  test('opens neither in another application nor with another secret', () => {
    const texts = [tickets.offer(session, start + 60), tickets.bind(session, jwk), tickets.challenge('binding')]
    for (const changes of [{ audience: ['https://op.example.com', 'other'] }, { secrets: ['x'.repeat(32)] }]) {
      tickets = new DeviceTickets({ secrets, audience, runtime: clock, ...changes })
      for (const text of texts) expect(opened(text)).toEqual([false, false, false])
    }
    for (const text of ['', 'garbage']) expect(opened(text)).toEqual([false, false, false])
  })

  test.each([
    ['another version', { v: 2 }],
    ['a binding that is no text', { d: 5 }],
    ['no binding', { d: undefined }],
    ['a session that is no text', { id: 5 }],
    ['no session', { id: undefined }],
    ['a person who is no text', { sub: 5 }],
    ['no person', { sub: undefined }],
    ['a begin that is no number', { iat: String(start) }],
    ['no begin', { iat: undefined }],
    ['an end that is no number', { end: String(start + 60) }],
    ['no end', { end: undefined }],
  ])('does not open with %s', (_what, changes) => {
    const members = {
      v: 1,
      exp: start + 60,
      d: 'b',
      iat: start,
      end: start + 90,
      id: 'i',
      sub: 's',
      k: jwk,
      ...changes,
    }
    expect(tickets.openOffer(sealOf('device registration').seal(members))).toBeUndefined()
    expect(tickets.openBinding(sealOf('device session').seal(members))).toBeUndefined()
  })

  test('opens without a sid, provider or issuer that is no text', () => {
    const members = {
      v: 1,
      exp: start + 60,
      d: 'b',
      iat: start,
      end: start + 90,
      id: 'i',
      sub: 's',
      sid: 5,
      prv: ['x'],
      iss: 7,
    }
    const expected = { device: 'b', createdAt: start, endsAt: start + 90, names: { id: 'i', subject: 's' } }
    const found = tickets.openOffer(sealOf('device registration').seal(members))
    expect(found).toEqual(expected)
    expect(Object.keys(found?.names ?? {})).toEqual(['id', 'subject'])
  })

  test('has short names for what it holds, and none for what the session lacks', () => {
    const common = { v: 1, d: 'binding', iat: start - 5.25, end: start + 3600, id: 'an-id', sub: 'alice' }
    const payloadOf = (purpose: string, text: string): unknown => sealOf(purpose).open(text)?.payload
    const all = { ...common, sid: 'a-sid', prv: 'a-key', iss: 'https://id.example/a' }
    expect(payloadOf('device registration', tickets.offer(session, start + 60))).toEqual({ ...all, exp: start + 60 })
    expect(payloadOf('device registration', tickets.offer(plain, start + 60))).toEqual({ ...common, exp: start + 60 })
    expect(payloadOf('device session', tickets.bind(session, jwk))).toEqual({ ...all, exp: start + 3600, k: jwk })
  })
})
