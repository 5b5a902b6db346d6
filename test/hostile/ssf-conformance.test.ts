import { afterEach, describe, expect, test } from '@jest/globals'
import type { TransmitterOptions } from '../../lib/index.js'
import { failureOf } from '../kit/failure.js'
import { Clock } from '../kit/clock.js'
import { until } from '../kit/until.js'
import { signingKey } from '../kit/provider/keys.js'
import { eventType, issSub, streamUpdated, verification } from '../kit/signals/transmitter.js'
import { type SignalsWorld, startSignals } from '../kit/signals/world.js'
import { SsfTransmitter } from './ssf-transmitter.js'

type Method = 'push' | 'poll'

/** A receiver at a transmitter of the suite, and a stream with one method of delivery. */
class Run {
  readonly world: SignalsWorld
  readonly suite: SsfTransmitter
  readonly method: Method
  id = ''
  #polling: Promise<void> | undefined

  constructor(world: SignalsWorld, suite: SsfTransmitter, method: Method) {
    this.world = world
    this.suite = suite
    this.method = method
  }

  get streams() {
    return this.world.signals.streams()
  }

  async create(): Promise<void> {
    const delivery = this.method === 'push' ? `${this.world.app.host.url}/signals` : 'poll'
    const stream = await this.streams.create({ delivery })
    this.id = stream.stream_id
  }

  /** Delivers all that is queued, and waits until each is acknowledged or refused. */
  async deliver(): Promise<void> {
    if (this.method === 'push') {
      await this.suite.pushAll()
      return
    }
    this.#polling ??= this.world.signals.poll()
    const { count } = this.suite
    await until(() => count.settled === count.queued)
  }

  /** Queues a token, delivers it, and says what became of it: `ack`, or the code of the refusal. */
  async outcomeOf(token: string): Promise<unknown> {
    const before = this.suite.acknowledged.length
    const { jti } = this.suite.enqueue(token)
    await this.deliver()
    if (this.suite.acknowledged.slice(before).includes(jti)) return 'ack'
    if (this.method === 'poll') return this.suite.errors[jti]?.err
    const answer = this.suite.pushes.find((push) => push.jti === jti)
    expect(answer?.status).toBe(400)
    expect(JSON.parse(answer?.text ?? '')).toEqual({ err: expect.any(String), description: expect.any(String) })
    return answer?.err
  }

  /** Creates the stream, and verifies it. */
  async verified(): Promise<void> {
    await this.create()
    await this.streams.verify(this.id)
    await this.deliver()
    expect(this.world.events.map(({ type }) => type)).toEqual([verification])
  }

  async finish(): Promise<void> {
    await this.streams.remove(this.id)
    expect(this.suite.streams.size).toBe(0)
  }

  async close(): Promise<void> {
    await this.world.close()
    await this.#polling
  }
}

let run: Run
afterEach(() => run.close())

async function start(method: Method, transmitter: Partial<TransmitterOptions> = {}): Promise<Run> {
  const clock = new Clock()
  let origin = ''
  const suite = new SsfTransmitter(clock, () => origin)
  const options = { poll: method === 'poll', accessToken: 'token-1', ...transmitter }
  const world = await startSignals({ clock, from: suite, transmitter: options })
  origin = world.app.host.url
  run = new Run(world, suite, method)
  return run
}

const session = (suite: SsfTransmitter, name = 'session-revoked') =>
  suite.mint({ [eventType(name)]: { event_timestamp: suite.clock.seconds } }, issSub(suite.issuer))

describe.each(['push', 'poll'] as const)('openid-ssf-receiver-test-plan, delivery by %s', (method) => {
  test('openid-ssf-receiver-happypath: creates, reads, updates, replaces, verifies and deletes a stream', async () => {
    const { streams, suite } = await start(method)
    await run.create()
    expect(await streams.list()).toMatchObject([{ stream_id: run.id, iss: suite.issuer }])
    expect(await streams.read(run.id)).toMatchObject({ stream_id: run.id })
    const events = [eventType('session-revoked')]
    expect(await streams.update(run.id, { events })).toMatchObject({ events_delivered: events })
    const delivery = method === 'push' ? `${run.world.app.host.url}/signals` : 'poll'
    expect(await streams.replace(run.id, { delivery, description: 'all' })).toMatchObject({ description: 'all' })
    expect(await streams.status(run.id)).toMatchObject({ status: 'enabled' })
    await streams.addSubject(run.id, issSub(suite.issuer), true)
    await streams.removeSubject(run.id, issSub(suite.issuer))
    await streams.verify(run.id)
    await run.deliver()
    expect(suite.acknowledged).toHaveLength(1)
    await run.finish()
  })

  test('openid-ssf-receiver-stream-create-delete: creates a stream with its method of delivery, and deletes it', async () => {
    await start(method)
    await run.create()
    const [configuration] = [...run.suite.streams.values()].map((stream) => stream.configuration)
    const urn = method === 'push' ? 'urn:ietf:rfc:8935' : 'urn:ietf:rfc:8936'
    expect(configuration).toMatchObject({ delivery: { method: urn } })
    await run.finish()
    expect(await failureOf(run.streams.read(run.id))).toMatchObject({
      code: 'stream_refused',
      details: { seen: '404' },
    })
  })

  test('openid-ssf-receiver-stream-status-update: reads and changes the status', async () => {
    const { streams } = await start(method)
    await run.create()
    expect(await streams.setStatus(run.id, 'paused', 'maintenance')).toMatchObject({ status: 'paused' })
    expect(await streams.status(run.id)).toMatchObject({ status: 'paused' })
    expect(await streams.setStatus(run.id, 'enabled')).toMatchObject({ status: 'enabled' })
    await run.finish()
  })

  test('openid-ssf-receiver-stream-verification: the event with the state that was sent is acknowledged', async () => {
    await start(method)
    await run.verified()
    expect(run.suite.acknowledged).toHaveLength(1)
    await run.finish()
  })

  test('openid-ssf-receiver-unsolicited-stream-verification: an event without state is acknowledged', async () => {
    await start(method)
    await run.create()
    expect(await run.outcomeOf(await run.suite.verificationEvent(run.id))).toBe('ack')
    await run.finish()
  })

  test('openid-ssf-receiver-stream-supported-events: every event that the stream delivers is acknowledged', async () => {
    await start(method)
    await run.verified()
    const { events_delivered: delivered = [] } = await run.streams.read(run.id)
    expect(delivered).toContain(eventType('session-revoked'))
    for (const type of delivered) {
      expect(await run.outcomeOf(await run.suite.mint({ [type]: {} }, issSub(run.suite.issuer)))).toBe('ack')
    }
    await run.finish()
  })

  test.each([
    ['a corrupted signature', 'invalid_key'],
    ['another iss', 'invalid_issuer'],
    ['another aud', 'invalid_audience'],
    ['a key that is not published', 'invalid_key'],
  ])('SG01: openid-ssf-receiver-invalid-set-rejection: %s is refused as %s, and ends no session', async (flaw, err) => {
    await start(method)
    await run.verified()
    const cookie = await run.world.signIn()
    expect(await run.outcomeOf(await tampered(run.suite, flaw))).toBe(err)
    expect(await run.world.who(cookie)).toBe('alice')
    await run.finish()
  })

  test('SG12: openid-ssf-receiver-verification-wrong-state: another state is refused as invalid_state, and the next one taken', async () => {
    await start(method)
    await run.create()
    run.suite.spoilVerification = ({ id }) => ({ id, state: 'another state' })
    await run.streams.verify(run.id)
    await run.deliver()
    const [refusal] = method === 'poll' ? Object.values(run.suite.errors) : run.suite.pushes
    expect(refusal?.err).toBe('invalid_state')
    await run.streams.verify(run.id)
    await run.deliver()
    expect(run.suite.acknowledged).toHaveLength(1)
    await run.finish()
  })

  test('SG12: openid-ssf-receiver-verification-wrong-subject: an event that names another stream is refused', async () => {
    await start(method)
    await run.create()
    run.suite.spoilVerification = ({ state }) => ({ state, id: 'another-stream' })
    await run.streams.verify(run.id)
    await run.deliver()
    expect(run.suite.acknowledged).toEqual([])
    await run.finish()
  })

  test('SG13: openid-ssf-receiver-stream-issuer-mismatch: a stream of another issuer is refused, and not used', async () => {
    await start(method)
    run.suite.streamIssuer = `${run.suite.issuer}/not-this-transmitter`
    expect(await failureOf(run.create())).toMatchObject({ code: 'provider_issuer_mismatch' })
    expect(run.suite.paths.filter((path) => path.includes('/ssf/'))).toEqual(['/ssf/stream'])
  })

  test('openid-ssf-receiver-transmitter-initiated-status-change: both announcements and the event that was held are acknowledged', async () => {
    await start(method)
    await run.verified()
    const cookie = await run.world.signIn()
    const subject = { format: 'opaque', id: run.id }
    for (const status of ['paused', 'enabled']) {
      expect(await run.outcomeOf(await run.suite.mint({ [streamUpdated]: { status } }, subject))).toBe('ack')
    }
    expect(await run.outcomeOf(await session(run.suite))).toBe('ack')
    expect(await run.world.who(cookie)).toBeNull()
    await run.finish()
  })

  test('openid-ssf-receiver-verification-behind-queued-events: all are acknowledged, whatever their order', async () => {
    await start(method)
    await run.create()
    for (let count = 0; count < 3; count += 1) run.suite.enqueue(await session(run.suite))
    await run.streams.verify(run.id)
    await run.deliver()
    expect(run.suite.acknowledged).toHaveLength(4)
    await run.finish()
  })

  test('SG03: openid-ssf-receiver-redelivered-set: is acknowledged again', async () => {
    await start(method)
    await run.verified()
    const token = await session(run.suite)
    expect(await run.outcomeOf(token)).toBe('ack')
    expect(await run.outcomeOf(token)).toBe('ack')
    expect(run.world.events.filter(({ type }) => type === eventType('session-revoked'))).toHaveLength(1)
    await run.finish()
  })

  test('openid-ssf-receiver-removed-subject-event: an event for a subject that was removed is acknowledged', async () => {
    await start(method)
    await run.verified()
    await run.streams.removeSubject(run.id, issSub(run.suite.issuer))
    expect(await run.outcomeOf(await session(run.suite))).toBe('ack')
    await run.finish()
  })

  test('openid-ssf-receiver-access-token-expiry: gets a new token once the old one is refused', async () => {
    const tokens = ['token-1']
    const dropped: string[] = []
    const drop = (token: string) => {
      dropped.push(token)
      tokens.shift()
      tokens.push('token-2')
    }
    await start(method, { accessToken: { getToken: async () => tokens[0] ?? '', drop } })
    await run.verified()
    run.suite.accessTokens = ['token-2']
    expect(await run.outcomeOf(await session(run.suite))).toBe('ack')
    await run.finish()
    expect(dropped).toEqual(['token-1'])
  })
})

describe.each(['push', 'poll'] as const)('openid-ssf-receiver-caep-test-plan, delivery by %s', (method) => {
  test('openid-ssf-receiver-stream-caep-interop: events of the profile with each format of subject are acknowledged', async () => {
    await start(method)
    await run.verified()
    expect(await run.streams.status(run.id)).toMatchObject({ status: 'enabled' })
    const { issuer } = run.suite
    const email = { format: 'email', email: 'alice@example.com' }
    const subjects = [email, issSub(issuer), { format: 'complex', user: email, tenant: { format: 'opaque', id: 't' } }]
    for (const name of ['session-revoked', 'credential-change', 'device-compliance-change', 'risk-level-change']) {
      // The suite sends times in milliseconds.
      const events = { [eventType(name)]: { event_timestamp: run.suite.clock.now() } }
      for (const subject of subjects) expect(await run.outcomeOf(await run.suite.mint(events, subject))).toBe('ack')
    }
    await run.finish()
  })
})

async function tampered(suite: SsfTransmitter, flaw: string): Promise<string> {
  const changes: Readonly<Record<string, Parameters<SsfTransmitter['revocation']>[1]>> = {
    'another iss': { claims: { iss: 'https://evil.example' } },
    'another aud': { claims: { aud: 'others' } },
    'a key that is not published': { key: signingKey('RS256', { kid: 'unknown' }) },
  }
  const token = await suite.revocation('alice', changes[flaw])
  if (flaw !== 'a corrupted signature') return token
  const signature = token.slice(token.lastIndexOf('.') + 1)
  return token.slice(0, -signature.length) + (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
}
