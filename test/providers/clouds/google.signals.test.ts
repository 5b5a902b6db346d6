import { afterEach, describe, expect, test } from '@jest/globals'
import { google } from '../../../lib/providers/index.js'
import { Clock } from '../../kit/clock.js'
import { TestTransmitter } from '../../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../../kit/signals/world.js'

let world: SignalsWorld
afterEach(() => world.close())

const risc = 'https://schemas.openid.net/secevent/risc/event-type/'
const oauth = 'https://schemas.openid.net/secevent/oauth/event-type/'

/** Google's own issuer ends in a slash, that of its ID Tokens does not. */
async function start(): Promise<TestTransmitter> {
  const clock = new Clock()
  const transmitter = new TestTransmitter(clock, 'https://accounts.google.com')
  transmitter.configuration = {
    issuer: 'https://accounts.google.com/',
    jwks_uri: 'https://accounts.google.com/ssf/jwks',
  }
  transmitter.intercept = ({ url }) =>
    url.pathname === '/.well-known/risc-configuration' ? Response.json(transmitter.configuration) : undefined
  world = await startSignals({ clock, from: transmitter, transmitter: google.signals() })
  return transmitter
}

const claims = { iss: 'https://accounts.google.com/' }
const person = { subject_type: 'iss-sub', iss: 'https://accounts.google.com/', sub: 'alice' }

describe('google.signals()', () => {
  test.each([
    [`${risc}sessions-revoked`, {}],
    [`${risc}account-disabled`, { reason: 'hijacking' }],
    [`${risc}account-credential-change-required`, {}],
    [`${oauth}tokens-revoked`, {}],
  ])('%s ends the sessions of the person', async (type, more) => {
    const transmitter = await start()
    const cookie = await world.signIn()
    const token = await transmitter.mint({ [type]: { subject: person, ...more } }, undefined, {
      claims,
      header: { typ: undefined },
    })
    expect((await world.push(token)).status).toBe(202)
    expect(await world.who(cookie)).toBeNull()
  })

  test('one token of a person that was revoked is told to the application, and ends nothing', async () => {
    const transmitter = await start()
    const cookie = await world.signIn()
    const subject = {
      subject_type: 'oauth_token',
      token_type: 'refresh_token',
      token_identifier_alg: 'prefix',
      token: '7Vis',
    }
    await world.push(await transmitter.mint({ [`${oauth}token-revoked`]: { subject } }, undefined, { claims }))
    expect(await world.who(cookie)).toBe('alice')
    expect(world.events).toMatchObject([{ subject: { format: 'oauth_token', token: '7Vis' }, action: 'none' }])
  })

  test('SG02: an ID Token of the same issuer is not an event', async () => {
    const transmitter = await start()
    await world.signIn()
    const answer = await world.push(
      await transmitter.mint(undefined, undefined, { claims: { ...claims, sub: 'alice' }, header: { typ: 'JWT' } }),
    )
    expect(answer).toMatchObject({ status: 400, err: 'invalid_request' })
  })

  test("a verification event is told with its state, which Google's API takes from the application", async () => {
    const transmitter = await start()
    const verify = (state?: string) => transmitter.mint({ [`${risc}verification`]: { state } }, undefined, { claims })
    expect(await world.push(await verify('of the application'))).toMatchObject({ status: 202 })
    expect(await world.push(await verify())).toMatchObject({ status: 202 })
    const type = `${risc}verification`
    expect(world.events).toMatchObject([
      { type, claims: { state: 'of the application' }, action: 'none' },
      { type, claims: {}, action: 'none' },
    ])
  })

  test('a person by claims of the ID Token, as older events have it, is the same person', async () => {
    const transmitter = await start()
    const cookie = await world.signIn()
    const subject = { ...person, subject_type: 'id_token_claims', email: 'alice@example.com' }
    await world.push(await transmitter.mint({ [`${risc}sessions-revoked`]: { subject } }, undefined, { claims }))
    expect(await world.who(cookie)).toBeNull()
  })
})
