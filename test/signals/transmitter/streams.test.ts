import { afterEach, describe, expect, test } from '@jest/globals'
import type { EventStreams, TransmitterOptions } from '../../../lib/index.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { TestTransmitter, type TransmitterCall, verification } from '../../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../../kit/signals/world.js'

let world: SignalsWorld
afterEach(() => world.close())

/** A world whose transmitter answers calls of its API like this. */
async function start(answer: (call: TransmitterCall) => Response, more: Partial<TransmitterOptions> = {}) {
  const transmitter = new TestTransmitter(new Clock())
  const calls: TransmitterCall[] = []
  transmitter.intercept = (call) => {
    if (!/\/ssf\/(?!jwks)/.test(call.url.pathname)) return undefined
    calls.push(call)
    return answer(call)
  }
  world = await startSignals({ from: transmitter, transmitter: { accessToken: 'token-1', ...more } })
  return { transmitter, calls, streams: world.signals.streams() }
}

const stream = { stream_id: 's1', iss: 'https://id.example' }

describe('streams()', () => {
  test('asks for pushes with the first of the agreed headers, unless the call names another', async () => {
    const pushAuthorization = ['Bearer new-secret', 'Bearer old-secret']
    const { streams, calls } = await start(() => Response.json(stream), { pushAuthorization })
    const delivery = 'https://app.example/signals'
    await streams.create({ delivery })
    await streams.update('s1', { delivery, authorization: 'Bearer other' })
    await streams.update('s1', { description: 'changed' })
    const push = { method: 'urn:ietf:rfc:8935', endpoint_url: delivery }
    expect(calls.map(({ body }) => body)).toMatchObject([
      { delivery: { ...push, authorization_header: 'Bearer new-secret' } },
      { delivery: { ...push, authorization_header: 'Bearer other' } },
      { description: 'changed' },
    ])
    expect(calls[2]?.body).toEqual({ stream_id: 's1', description: 'changed' })
  })

  test('takes the only stream of an older transmitter, which is not in a list', async () => {
    const { streams } = await start(() => Response.json(stream))
    expect(await streams.list()).toEqual([stream])
  })

  test.each([
    ['no JSON', () => new Response('oops'), 'provider_response_invalid'],
    ['no stream', () => Response.json({ ok: true }), 'provider_response_invalid'],
    ['400', () => new Response('', { status: 400 }), 'stream_refused'],
    ['409', () => new Response('', { status: 409 }), 'stream_refused'],
    ['418, which says nothing', () => new Response('', { status: 418 }), 'stream_refused'],
    ['401', () => new Response('', { status: 401 }), 'provider_refused_client'],
    ['503', () => new Response('', { status: 503 }), 'provider_unavailable'],
  ])('throws when the answer is %s', async (_what, answer, code) => {
    const { streams } = await start(answer)
    expect(await failureOf(streams.create())).toMatchObject({ code })
  })

  test.each<[string, (streams: EventStreams) => Promise<unknown>]>([
    ['update', (streams) => streams.update('s1', { description: 'x' })],
    ['replace', (streams) => streams.replace('s1', {})],
    ['setStatus', (streams) => streams.setStatus('s1', 'paused')],
  ])(
    'says that a change by %s is accepted and not made yet, when the answer is 202 without a result',
    async (_name, change) => {
      const { streams } = await start(() => new Response(null, { status: 202 }))
      expect(await failureOf(change(streams))).toMatchObject({
        code: 'provider_unavailable',
        status: 503,
        message: 'the transmitter has not made the change yet (status 202): try again later',
      })
    },
  )

  test('throws when a status is none of the three', async () => {
    const { streams } = await start(() => Response.json({ status: 'asleep' }))
    expect(await failureOf(streams.status('s1'))).toMatchObject({ code: 'provider_response_invalid' })
  })

  test('SG13: throws when an endpoint is missing or without https, and sends the access token nowhere', async () => {
    for (const configuration_endpoint of [undefined, 'http://id.example/ssf/stream', 7]) {
      const { streams, transmitter, calls } = await start(() => Response.json(stream))
      Object.assign(transmitter.configuration, { configuration_endpoint })
      expect(await failureOf(streams.list())).toMatchObject({ code: 'provider_metadata_invalid' })
      expect(calls).toEqual([])
      await world.close()
    }
  })

  test('makes requests without a token where there is none, and with what a function returns', async () => {
    const tokens = ['first', 'second']
    const without = await start(() => Response.json([]), { accessToken: undefined })
    await without.streams.list()
    expect(without.calls[0]?.headers.has('authorization')).toBe(false)
    await world.close()
    const { streams, calls } = await start(() => Response.json([]), { accessToken: () => tokens.shift() ?? '' })
    await streams.list()
    await streams.list()
    expect(calls.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer first', 'Bearer second'])
  })

  test('makes no request when the function for the token returns none', async () => {
    const { streams, calls } = await start(() => Response.json([]), { accessToken: async () => '' })
    expect(await failureOf(streams.list())).toMatchObject({
      code: 'provider_unavailable',
      message: 'the function in "accessToken" returned no token',
    })
    expect(calls).toEqual([])
  })

  test('SG12: the state of a verification expires after a day, and is refused where it is not text', async () => {
    const { streams, calls, transmitter } = await start(() => new Response(null, { status: 204 }))
    await streams.verify('s1')
    const answer = async (state: unknown) =>
      world.push(await transmitter.mint({ [verification]: { state } }, { format: 'opaque', id: 's1' }))
    expect(await answer(7)).toMatchObject({ status: 400, err: 'invalid_state' })
    transmitter.clock.advance(24 * 3600 + 1)
    world.clock.advance(24 * 3600 + 1)
    expect(await answer(calls[0]?.body['state'])).toMatchObject({ status: 400, err: 'invalid_state' })
  })
})

test("the configuration may be behind the issuer's path, where others have it", async () => {
  const transmitter = new TestTransmitter(new Clock(), 'https://id.example/tenant')
  transmitter.intercept = ({ url: { pathname } }) =>
    pathname === '/.well-known/ssf-configuration/tenant' ? new Response('', { status: 404 }) : undefined
  transmitter.configuration = { ...transmitter.configuration, jwks_uri: 'https://id.example/tenant/ssf/jwks' }
  const { intercept } = transmitter
  transmitter.intercept = (call) =>
    call.url.pathname === '/tenant/.well-known/ssf-configuration'
      ? Response.json(transmitter.configuration)
      : intercept(call)
  world = await startSignals({ from: transmitter })
  expect((await world.push(await transmitter.revocation())).status).toBe(202)
})
