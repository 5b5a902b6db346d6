import { afterEach, describe, expect, test } from '@jest/globals'
import type { TransmitterOptions } from '../../../lib/index.js'
import { outage } from '../../../lib/base/outage.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { eventType, issSub, TestTransmitter } from '../../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../../kit/signals/world.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { pastDeadline } from '../../kit/timers.js'
import { settled, until } from '../../kit/until.js'

let world: SignalsWorld
afterEach(() => world.close())

test('SG09: while the store is down an event is neither acknowledged nor refused, and the failure is told', async () => {
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

test('SG11: a transmitter that refuses the token is told to the application', async () => {
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

describe('a transmitter that makes no headway is not asked again at once', () => {
  async function pollsOf(answer: (token: string) => unknown): Promise<readonly unknown[]> {
    const clock = new Clock()
    const transmitter = new TestTransmitter(clock)
    const events = { [eventType('session-revoked')]: {} }
    const token = await transmitter.mint(events, issSub(transmitter.issuer), { claims: { jti: 'j1' } })
    const bodies: Record<string, unknown>[] = []
    transmitter.intercept = ({ url, body }) => {
      if (url.pathname !== '/poll') return undefined
      bodies.push(body)
      if (bodies.length > 20) world.signals.close()
      return Response.json(answer(token))
    }
    const poll = { url: 'https://id.example/poll', intervalSeconds: 3600 }
    world = await startSignals({ clock, from: transmitter, transmitter: { poll, accessToken: 'token' } })
    const polling = world.signals.poll()
    await until(() => bodies.length > 0)
    for (let turns = 0; turns < 10; turns += 1) await settled()
    world.signals.close()
    await polling
    return bodies.map(({ ack, setErrs }) => ack ?? Object.keys(setErrs ?? {}))
  }

  test('that has more but sends nothing', async () => {
    expect(await pollsOf(() => ({ sets: {}, moreAvailable: true }))).toEqual([[]])
  })

  test('that sends again what was acknowledged', async () => {
    expect(await pollsOf((token) => ({ sets: { j1: token }, moreAvailable: true }))).toEqual([[], ['j1']])
  })

  test('that sends again what was refused', async () => {
    expect(await pollsOf(() => ({ sets: { j1: 'oops' } }))).toEqual([[], ['j1']])
  })
})

test('an endpoint that is gone is looked for again', async () => {
  const clock = new Clock()
  const transmitter = new TestTransmitter(clock)
  const polled: string[] = []
  const failures: unknown[] = []
  transmitter.intercept = ({ url: { pathname } }) => {
    if (pathname === '/ssf/stream') {
      const delivery = { method: 'urn:ietf:rfc:8936', endpoint_url: `https://id.example/poll/${polled.length}` }
      return Response.json([{ stream_id: 's', iss: transmitter.issuer, delivery }])
    }
    if (!pathname.startsWith('/poll/')) return undefined
    polled.push(pathname)
    return pathname === '/poll/0' ? new Response('', { status: 404 }) : Response.json({ sets: {} })
  }
  world = await startSignals({
    clock,
    from: transmitter,
    transmitter: { poll: true, accessToken: 'token' },
    signals: { onError: (error) => void failures.push(error) },
  })
  const polling = world.signals.poll()
  await until(() => polled.length > 1)
  expect(failures).toMatchObject([{ code: 'stream_refused' }])
  expect(polled.slice(0, 2)).toEqual(['/poll/0', '/poll/1'])
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

/** A world that polls; each poll gets the next of these answers, and the last one is not answered any more. */
async function polling(
  answers: readonly (() => Response | Promise<Response>)[],
  more: Partial<TransmitterOptions> = {},
  report: () => unknown = () => undefined,
  onEvent: () => unknown = () => undefined,
) {
  const clock = new Clock()
  const transmitter = new TestTransmitter(clock)
  const bodies: Record<string, unknown>[] = []
  const failures: unknown[] = []
  transmitter.intercept = ({ url, body }) => {
    if (url.pathname !== '/poll') return undefined
    bodies.push(body)
    return answers[bodies.length - 1]?.() ?? new Promise<Response>(() => undefined)
  }
  const poll = { url: 'https://id.example/poll' }
  const onError = (error: unknown) => {
    failures.push(error)
    return report()
  }
  world = await startSignals({
    clock,
    from: transmitter,
    transmitter: { poll, ...more },
    signals: { onError, onEvent },
  })
  return {
    transmitter,
    bodies,
    failures,
    /** Polls until something is so. */
    until: async (isSo: () => boolean) => {
      const ended = world.signals.poll()
      await until(isSo)
      world.signals.close()
      await ended
    },
  }
}

const sets = (tokens: Record<string, unknown>, more: object = {}) => Response.json({ sets: tokens, ...more })

test('SG11: a token under the jti of another one is refused under that jti, and ends no session', async () => {
  const run = await polling([async () => sets({ j2: await token('j1') })])
  const token = (jti: string) => run.transmitter.revocation('alice', { claims: { jti } })
  const cookie = await world.signIn()
  await run.until(() => run.bodies.length > 1)
  expect(run.bodies[1]).toMatchObject({ setErrs: { j2: { err: 'invalid_request' } }, returnImmediately: true })
  expect(run.bodies[1]).not.toHaveProperty('ack')
  expect(await world.who(cookie)).toBe('alice')
})

test('SG11: what is not a token is refused, and the tokens beside it are taken', async () => {
  const run = await polling([async () => sets({ j1: 7, j2: { a: 1 }, j3: await token(), j4: 'a.b.c' })])
  const token = () => run.transmitter.revocation('alice', { claims: { jti: 'j3' } })
  const cookie = await world.signIn()
  await run.until(() => run.bodies.length > 1)
  expect(run.bodies[1]).toMatchObject({ ack: ['j3'] })
  expect(Object.keys(run.bodies[1]?.['setErrs'] ?? {})).toEqual(['j1', 'j2', 'j4'])
  expect(await world.who(cookie)).toBeNull()
})

test.each([
  ['without sets', () => Response.json({})],
  ['whose sets are a list', () => Response.json({ sets: [] })],
  ['that is a list', () => Response.json([])],
  ['that is not JSON', () => new Response('oops')],
])('SG11: a response %s is told to the application, and ends no session', async (_what, answer) => {
  const run = await polling([answer])
  const cookie = await world.signIn()
  await run.until(() => run.failures.length > 0)
  expect(run.failures).toMatchObject([{ code: 'provider_response_invalid' }])
  expect(await world.who(cookie)).toBe('alice')
})

test('SG11: a redirect is not followed, so that the access token goes nowhere else', async () => {
  const redirect = () => new Response(null, { status: 307, headers: { location: 'https://evil.example/poll' } })
  const run = await polling([redirect], { accessToken: 'secret-token' })
  await run.until(() => run.failures.length > 0)
  expect(new Set(run.transmitter.calls.map(({ url }) => url.host))).toEqual(new Set(['id.example']))
})

test('SG11: an onError that throws does not end polling with its error', async () => {
  const onError = () => {
    throw new Error('the log is full')
  }
  const run = await polling([() => new Response('oops')], {}, onError)
  await run.until(() => run.failures.length > 0)
  expect(run.failures).toHaveLength(1)
})

test('an acknowledgement that did not arrive is sent again', async () => {
  const run = await polling([async () => sets({ j1: await token() }), () => new Response('', { status: 503 })])
  const token = () => run.transmitter.revocation('alice', { claims: { jti: 'j1' } })
  await run.until(() => run.bodies.length > 2)
  expect(run.bodies.slice(1)).toMatchObject([{ ack: ['j1'] }, { ack: ['j1'] }])
})

test('while there is more, the next request follows at once, and after an acknowledgement the transmitter may hold it again', async () => {
  const run = await polling([
    async () => sets({ j1: await token('j1') }, { moreAvailable: true }),
    async () => sets({ j2: await token('j2') }),
    () => sets({}),
  ])
  const token = (jti: string) => run.transmitter.revocation('alice', { claims: { jti } })
  await run.until(() => run.bodies.length > 3)
  expect(run.bodies).toEqual([
    { maxEvents: 100, returnImmediately: false },
    { maxEvents: 100, returnImmediately: true, ack: ['j1'] },
    { maxEvents: 100, returnImmediately: true, ack: ['j2'] },
    { maxEvents: 100, returnImmediately: false },
  ])
})

const held = () => new Promise<Response>(() => undefined)
const heldSeconds = 60

test('a request that is held too long is no failure: the next one is to be answered at once, and then one may be held again', async () => {
  const run = await polling([held, () => sets({})])
  await pastDeadline(heldSeconds, () => run.until(() => run.bodies.length > 2))
  expect(run.bodies.map(({ returnImmediately }) => returnImmediately)).toEqual([false, true, false])
  expect(run.failures).toEqual([])
})

test('a transmitter that does not answer at once after a held request is a failure, which is told', async () => {
  const run = await polling([held, held])
  const [httpTimeoutSeconds] = [5]
  await pastDeadline(heldSeconds, () =>
    pastDeadline(httpTimeoutSeconds, () => run.until(() => run.failures.length > 0)),
  )
  expect(run.bodies).toHaveLength(2)
  expect(run.failures).toMatchObject([{ code: 'provider_timeout' }])
})

test('a timeout of the access token is a failure, and not a request that was held', async () => {
  let calls = 0
  const getToken = async () => {
    // Without an end to it, nothing but this would run.
    if (++calls > 50) world.signals.close()
    throw outage('provider_timeout', 'the token endpoint did not respond')
  }
  const run = await polling([], { accessToken: { getToken, drop: () => undefined } })
  await run.until(() => run.failures.length > 0 || calls > 50)
  expect(run.failures).toMatchObject([{ code: 'provider_timeout' }])
  expect([calls, run.bodies]).toEqual([1, []])
})

test('a function for the access token that never returns is a failure', async () => {
  const run = await polling([], { accessToken: () => new Promise(() => undefined) })
  await pastDeadline(5, () => run.until(() => run.failures.length > 0))
  expect(run.failures).toMatchObject([{ code: 'provider_timeout', message: expect.stringContaining('"accessToken"') }])
})

test('an onError that never returns holds up neither the next poll nor the end', async () => {
  const run = await polling([() => new Response('oops')], {}, () => new Promise(() => undefined))
  const maxReportSeconds = 10
  await pastDeadline(maxReportSeconds, () => run.until(() => run.bodies.length > 1))
  expect(run.failures).toHaveLength(1)
})

test.each<[string, () => unknown, number]>([
  ['rejects without an error', () => Promise.reject(), 0],
  ['never returns', () => new Promise(() => undefined), 60],
])(
  'an onEvent that %s is a failure: the event is not acknowledged, and not asked for at once',
  async (_what, onEvent, seconds) => {
    const again = async () => sets({ j1: await token() })
    let isTold = false
    const run = await polling(Array(30).fill(again), {}, undefined, () => {
      isTold = true
      return onEvent()
    })
    const token = () => run.transmitter.revocation('alice', { claims: { jti: 'j1' } })
    const isOver = () => run.failures.length > 0 || run.bodies.length > 20
    await pastDeadline(
      seconds,
      () => run.until(isOver),
      () => isTold,
    )
    expect(run.bodies).toEqual([{ maxEvents: 100, returnImmediately: false }])
    expect(run.failures).toHaveLength(1)
  },
)

test('the endpoint is that of the only stream with delivery by poll', async () => {
  const stream = (method: string, endpoint_url: string) => ({
    stream_id: method,
    iss: 'https://id.example',
    delivery: { method: `urn:ietf:rfc:${method}`, endpoint_url },
  })
  const streams = [stream('8935', 'https://app.example/signals'), stream('8936', 'https://id.example/poll')]
  const run = await polling([], { poll: true })
  const { intercept } = run.transmitter
  run.transmitter.intercept = (call) => (call.url.pathname === '/ssf/stream' ? Response.json(streams) : intercept(call))
  await run.until(() => run.bodies.length > 0)
  expect(run.failures).toEqual([])
})

test('without a stream with delivery by poll, or with two, the application is told', async () => {
  const run = await polling([], { poll: true })
  run.transmitter.intercept = ({ url }) => (url.pathname === '/ssf/stream' ? Response.json([]) : undefined)
  await run.until(() => run.failures.length > 0)
  expect(run.failures).toMatchObject([{ code: 'stream_refused', message: expect.stringContaining('0 streams') }])
})
