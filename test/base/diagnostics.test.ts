import { describe, expect, test } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { ProviderError } from '../../lib/errors.js'
import { isTraced, traced } from '../../lib/base/diagnostics.js'
import type { TraceEvent } from '../../lib/base/tracing/event.js'

const channel = tracingChannel<unknown, TraceEvent>('express-oidc:keys')

/** The events of the channel while `work` runs: the phase, and a copy of the event at that time. */
async function told(work: () => unknown): Promise<{ phase: string; event: TraceEvent; object: TraceEvent }[]> {
  const seen: { phase: string; event: TraceEvent; object: TraceEvent }[] = []
  const note = (phase: string) => (event: TraceEvent) => void seen.push({ phase, event: { ...event }, object: event })
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }
  channel.subscribe(subscribers)
  try {
    await work()
  } catch {
    // What is thrown is looked at where it matters.
  } finally {
    channel.unsubscribe(subscribers)
  }
  return seen
}

const step = { step: 'keys', issuer: 'https://op.example' }
const context = { issuer: 'https://op.example' }

describe('a traced step', () => {
  test('publishes its start and end where it is synchronous', async () => {
    const seen = await told(() => traced('keys', context, () => 'value'))
    expect(seen.map(({ phase, event }) => [phase, event])).toEqual([
      ['start', step],
      ['end', { ...step, outcome: 'succeeded' }],
    ])
  })

  test('publishes a failure before its end', async () => {
    const error = new ProviderError('provider_timeout', 'x')
    const seen = await told(() =>
      traced('keys', context, () => {
        throw error
      }),
    )
    const failed = { ...step, outcome: 'failed', errorCode: 'provider_timeout', error }
    expect(seen.map(({ phase, event }) => [phase, event])).toEqual([
      ['start', step],
      ['error', failed],
      ['end', failed],
    ])
  })

  test('is followed beyond its synchronous end where it returns a promise, with one event from first to last', async () => {
    const seen = await told(() => traced('keys', context, async () => 'value'))
    expect(seen.map(({ phase }) => phase)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(seen.map(({ event }) => event.outcome)).toEqual([undefined, undefined, 'succeeded', 'succeeded'])
    expect(new Set(seen.map(({ object }) => object)).size).toBe(1)
  })

  test('publishes a rejection, and passes it on unchanged', async () => {
    const error = new ProviderError('provider_timeout', 'x')
    const seen = await told(() => expect(traced('keys', context, () => Promise.reject(error))).rejects.toBe(error))
    expect(seen.map(({ phase }) => phase)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(seen.at(-1)?.event).toEqual({ ...step, outcome: 'failed', errorCode: 'provider_timeout', error })
  })

  test('LK01: publishes neither its result, nor foreign errors, nor more of its context than its public members', async () => {
    const configuration = { ...context, clientId: 'web', clientSecret: 'secret', url: 'https://op.example/keys' }
    const seen = await told(async () => {
      await traced('keys', configuration, async () => 'secret')
      await traced('keys', configuration, () => Promise.reject(new Error('secret')))
    })
    expect(JSON.stringify(seen)).not.toContain('secret')
    expect(seen.at(-1)?.event).toMatchObject({ clientId: 'web', errorCode: 'unexpected_error' })
    expect(seen.at(-1)?.event).not.toHaveProperty('error')
  })

  test('takes notes while it goes on', async () => {
    const seen = await told(() =>
      traced('keys', {}, (notes) => {
        if (notes !== undefined) Object.assign(notes, { status: 200 })
      }),
    )
    expect(seen.at(-1)?.event).toEqual({ step: 'keys', status: 200, outcome: 'succeeded' })
  })

  test('runs with the store that a subscriber has bound, before and after it waits, and its caller does not', async () => {
    const storage = new AsyncLocalStorage<string>()
    channel.start.bindStore(storage, ({ step: name }) => name)
    const stores = await traced('keys', {}, async () => {
      const before = storage.getStore()
      await Promise.resolve()
      return [before, storage.getStore()]
    })
    channel.start.unbindStore(storage)
    expect(stores).toEqual(['keys', 'keys'])
    expect(storage.getStore()).toBeUndefined()
  })
})

describe('a step without subscribers', () => {
  test('only does its work', () => {
    expect(isTraced('keys')).toBe(false)
    expect(traced('keys', context, (notes) => notes)).toBeUndefined()
    const error = new Error('x')
    expect(() =>
      traced('keys', context, () => {
        throw error
      }),
    ).toThrow(error)
  })

  test('is seen by whoever subscribes to a single channel of it', () => {
    const listener = () => undefined
    channel.asyncEnd.subscribe(listener)
    expect(isTraced('keys')).toBe(true)
    channel.asyncEnd.unsubscribe(listener)
    expect(isTraced('keys')).toBe(false)
  })
})
