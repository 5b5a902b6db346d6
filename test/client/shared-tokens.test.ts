import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createClientCredentials } from '../../lib/client/client-credentials.js'
import type { TraceEvent } from '../../lib/index.js'
import type { TokenSource } from '../../lib/client/token-source.js'
import type { ClientCredentialsOptions } from '../../lib/options/client/options.js'
import { parseClientCredentialsOptions } from '../../lib/options/client/schema.js'
import { down, json } from '../kit/provider/answers.js'
import { FakeStore } from '../kit/stores/memory.js'
import { createTokens, type Tokens } from '../kit/client/source.js'
import { settled } from '../kit/until.js'
import { watchAll } from '../kit/watching/watching.js'

const secret = 'a secret for tests only, 32 characters at least'

let tokens: Tokens
let sharedStore: FakeStore
beforeEach(() => {
  tokens = createTokens()
  sharedStore = new FakeStore(tokens.op.clock)
})

afterEach(() => void jest.useRealTimers())

/** A process of the same service. */
function startProcess(options: Partial<ClientCredentialsOptions> = {}): TokenSource {
  const { issuer, fetch, clock } = tokens.op
  const given = {
    issuer,
    fetch,
    clientId: 'machine',
    clientSecret: 'secret-1',
    sharedStore: sharedStore,
    secret,
    ...options,
  }
  return createClientCredentials(parseClientCredentialsOptions(given), clock)
}

describe('processes that share a store', () => {
  test('fetch a token once, and find it there for as long as it lives', async () => {
    expect(await startProcess().getToken()).toBe('token-1')
    await settled()
    expect(await startProcess().getToken()).toBe('token-1')
    const [name = ''] = sharedStore.contents().keys()
    expect(sharedStore.remaining(name)).toBe(600_000)
    tokens.op.clock.advance(600)
    expect(await startProcess().getToken()).toBe('token-2')
    expect(tokens.requests()).toHaveLength(2)
  })

  test('renew it one after the other, each at a different moment', async () => {
    const [first, second] = [startProcess(), startProcess()]
    await first.getToken()
    await settled()
    await second.getToken()
    for (let seconds = 0; seconds < 590; seconds += 5) {
      tokens.op.clock.advance(5)
      // Each writes what it renewed before the other looks: both may be due within the same seconds.
      for (const source of [first, second]) {
        await source.getToken()
        await settled()
      }
    }
    expect([await first.getToken(), await second.getToken()]).toEqual(['token-2', 'token-2'])
    expect(tokens.requests()).toHaveLength(2)
  })

  test('leave nothing in the store that reveals a token, a secret or a target', async () => {
    await startProcess().getToken({ scope: 'orders:read', resource: 'https://api.example.com' })
    await settled()
    const text = JSON.stringify([...sharedStore.contents(), sharedStore.calls])
    for (const part of ['token-1', 'orders', 'example.com', 'machine', 'secret']) expect(text).not.toContain(part)
    expect([...sharedStore.contents().keys()][0]).toMatch(/^token:1:[\w-]{43}$/)
  })

  test.each<[string, Partial<ClientCredentialsOptions>]>([
    ['another client', { clientId: 'other' }],
    ['another secret', { secret: 'another secret for tests, 32 characters at least' }],
    ['another target', { scope: 'orders:read' }],
  ])('CC01: share no token with %s', async (_what, options) => {
    await startProcess().getToken()
    await settled()
    expect(await startProcess(options).getToken()).toBe('token-2')
  })

  test('may change their secret one by one', async () => {
    await startProcess().getToken()
    await settled()
    const next = 'the next secret for tests, 32 characters at least'
    expect(await startProcess({ secret: [next, secret] }).getToken()).toBe('token-1')
  })

  test('CC01: do not accept a value under another name than it was sealed for', async () => {
    const source = startProcess()
    await source.getToken({ scope: 'a' })
    await source.getToken({ scope: 'b' })
    await settled()
    const [[a = '', sealed = ''] = [], [b = ''] = []] = [...sharedStore.contents()]
    expect(a).not.toBe(b)
    await sharedStore.set(b, sealed, 600_000)
    expect(await startProcess().getToken({ scope: 'b' })).toBe('token-3')
    for (const spoilt of ['', 'x', '{}', sealed.slice(0, -4)]) {
      await sharedStore.set(a, spoilt, 600_000)
      expect(await startProcess().getToken({ scope: 'a' })).toMatch(/^token-[4-7]$/)
    }
  })

  test('CC02: do not take back a token that an API refused, and spare each other that refusal', async () => {
    const source = startProcess()
    source.drop(await source.getToken())
    await settled()
    expect(await source.getToken()).toBe('token-2')
    await settled()
    expect(await startProcess().getToken()).toBe('token-2')
  })

  test('drop a token that another process has revoked', async () => {
    const source = startProcess()
    tokens.op.answers['/revoke'] = new Response('')
    await source.revoke(await source.getToken())
    await settled()
    expect(sharedStore.contents().size).toBe(0)
    expect(await source.getToken()).toBe('token-2')
  })

  test('do not share what was exchanged on somebody’s behalf', async () => {
    await startProcess().exchange({ subjectToken: 'subject-1' })
    await settled()
    expect(sharedStore.calls).toEqual([])
  })
})

describe('the clock of a process', () => {
  test('that was set back makes a shared token no fresher: the time left is unknown', async () => {
    const source = startProcess()
    expect(await source.getToken()).toBe('token-1')
    await settled()
    tokens.op.clock.advance(-86_400)
    expect(await source.getToken()).toBe('token-1')
    await settled()
    expect(await source.getToken()).toBe('token-2')
  })

  test('may be a few seconds behind that of the process which fetched a token', async () => {
    expect(await startProcess().getToken()).toBe('token-1')
    await settled()
    tokens.op.clock.advance(-5)
    expect(await startProcess().getToken()).toBe('token-1')
    tokens.op.clock.advance(-0.001)
    expect(await startProcess().getToken()).toBe('token-2')
  })
})

describe('a shared store that is unavailable', () => {
  test('a store that returns null for a missing entry does not count as unavailable', async () => {
    const empty = Object.assign(new FakeStore(tokens.op.clock), { get: async () => [null] })
    const source = startProcess({ sharedStore: empty as unknown as FakeStore })
    expect(await source.getToken()).toBe('token-1')
    expect(source.health()).toMatchObject({ sharedStore: { isUnavailable: false, failures: 0 } })
  })

  test('may be one whose answers are no texts', async () => {
    const odd = Object.assign(new FakeStore(tokens.op.clock), { get: async () => [7] })
    const source = startProcess({ sharedStore: odd as unknown as FakeStore })
    expect(await source.getToken()).toBe('token-1')
    expect(source.health()).toMatchObject({ sharedStore: { failures: 1 } })
  })

  test('causes no failure: each process fetches for itself, and reports that it had to', async () => {
    const source = startProcess()
    sharedStore.outage = true
    expect(await source.getToken()).toBe('token-1')
    await settled()
    expect(source.health()).toMatchObject({ sharedStore: { isUnavailable: true, failures: 2 } })
    expect(await source.getToken()).toBe('token-1')
    sharedStore.outage = false
    expect(await source.getToken({ scope: 'a' })).toBe('token-2')
    await settled()
    expect(source.health()).toMatchObject({ sharedStore: { isUnavailable: false, failures: 2 } })
    expect(sharedStore.contents().size).toBe(1)
  })

  test('is told to those who watch, with the reason and without what the store said', async () => {
    const told: TraceEvent[] = []
    const watching = watchAll((event, phase) => {
      if (event.step === 'store' && phase === 'asyncEnd') told.push({ ...event })
    })
    const source = startProcess()
    await source.getToken()
    await settled()
    sharedStore.outage = Object.assign(new Error('SET secret'), { code: 'ECONNRESET' })
    await source.getToken({ scope: 'a' })
    await settled()
    tokens.op.answers['/revoke'] = new Response('')
    await source.revoke(await source.getToken())
    const odd = Object.assign(new FakeStore(tokens.op.clock), { get: async () => [7] })
    await startProcess({ sharedStore: odd as unknown as FakeStore }).getToken()
    await settled()
    watching.stop()
    const failed = { step: 'store', outcome: 'failed', errorCode: 'session_store_unavailable' }
    const error = expect.objectContaining({ message: 'the shared store failed', cause: new Error('ECONNRESET') })
    expect(told).toEqual([
      { step: 'store', method: 'get', outcome: 'succeeded' },
      { step: 'store', method: 'set', outcome: 'succeeded' },
      { ...failed, method: 'get', error },
      { ...failed, method: 'set', error },
      { ...failed, method: 'remove', error },
      {
        ...{ ...failed, method: 'get' },
        error: expect.objectContaining({ message: 'the shared store returned a value that is not text' }),
      },
      { step: 'store', method: 'set', outcome: 'succeeded' },
    ])
  })

  test('is told apart from a provider that is unavailable', async () => {
    const source = startProcess()
    sharedStore.outage = true
    tokens.failure = down
    await expect(source.getToken()).rejects.toMatchObject({ code: 'provider_unavailable', status: 503 })
    tokens.failure = () => json({ error: 'invalid_client' }, 401)
    sharedStore.outage = false
    await expect(startProcess().getToken()).rejects.toMatchObject({ code: 'provider_refused_client' })
    expect(sharedStore.contents().size).toBe(0)
  })

  test('does not keep a token from being revoked', async () => {
    const source = startProcess()
    tokens.op.answers['/revoke'] = new Response('')
    const token = await source.getToken()
    sharedStore.outage = true
    expect(await source.revoke(token)).toBe(true)
  })

  test('may be one that never answers: nothing waits for it for longer than two seconds', async () => {
    jest.useFakeTimers()
    const told: unknown[] = []
    const watching = watchAll(({ step, error }, phase) => {
      if (step === 'store' && phase === 'asyncEnd') told.push(error?.message)
    })
    const silent = () => new Promise<never>(() => undefined)
    const hung = Object.assign(new FakeStore(tokens.op.clock), { get: silent, set: silent, remove: silent })
    tokens.op.answers['/revoke'] = new Response('')
    const source = startProcess({ sharedStore: hung })
    const token = source.getToken()
    await jest.advanceTimersByTimeAsync(2_000)
    expect(await token).toBe('token-1')
    const revoked = source.revoke('token-1')
    await jest.advanceTimersByTimeAsync(2_000)
    expect(await revoked).toBe(true)
    expect(source.health()).toMatchObject({ sharedStore: { isUnavailable: true, failures: 3 } })
    watching.stop()
    expect(told).toEqual(Array(3).fill('the shared store did not answer within 2 seconds'))
  })

  test('is missing from the health where none is configured', () => {
    expect(createTokens().source.health()).not.toHaveProperty('sharedStore')
  })
})

describe('the options for a shared store', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['a secret alone', { sharedStore: undefined }, '"sharedStore" and "secret" together'],
    ['memory without a secret', { secret: undefined }, '"sharedStore" and "secret" together'],
    ['a short secret', { secret: 'short' }, 'at least 32 characters'],
    ['a shared store without its methods', { sharedStore: new Map() }, '"sharedStore" must be a shared store'],
  ])('are refused with %s', (_what, options, message) => {
    expect(() => startProcess(options)).toThrow(message)
  })
})
