import { beforeEach, describe, expect, test } from '@jest/globals'
import { createNamedSeals, createSeal } from '../../../lib/seal/seal.js'
import { RefreshCoordinator, type RefreshOutcome } from '../../../lib/relying-party/tokens/refreshes.js'
import { SharedRefreshes } from '../../../lib/relying-party/tokens/shared-refreshes.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { idToken, record, settings } from '../../session/example.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { audience, gate } from '../../kit/stores/stores.js'
import { Clock, start } from '../../kit/clock.js'

let watch: Clock
let sharedStore: FakeStore
beforeEach(() => {
  watch = new Clock()
  sharedStore = new FakeStore(watch)
})

const { secrets } = settings(new Clock())
const base = { tokenType: 'bearer', scope: 'openid', obtainedAt: start }
const old = record({ tokens: { ...base, accessToken: 'access-1', refreshToken: 'refresh-1' }, data: { private: true } })
const tokens = { ...base, accessToken: 'access-2', refreshToken: 'refresh-2', obtainedAt: start + 5 }
const renewed: RefreshOutcome = { kind: 'renewed', tokens, idToken: idToken({ sub: 'alice', n: 2 }) }

/** What one process has. */
function process(of: readonly string[] = audience): SharedRefreshes {
  const parts = { sharedStore, runtime: watch, secrets, audience: of, httpTimeoutSeconds: 5 }
  return new SharedRefreshes(new RefreshCoordinator(watch), parts)
}

/** Spends a refresh token, and counts how often that was needed. */
function spender(outcome: RefreshOutcome | Error = renewed) {
  const spender = {
    times: 0,
    spend: async (): Promise<RefreshOutcome> => {
      spender.times += 1
      await new Promise((resolve) => setImmediate(resolve))
      if (outcome instanceof Error) throw outcome
      return outcome
    },
  }
  return spender
}

const spendIn = (refreshes: SharedRefreshes, { spend }: ReturnType<typeof spender>, of: SessionRecord = old) =>
  refreshes.refreshOnce(of, { refreshToken: of.tokens.refreshToken ?? '', target: '' }, spend)
const named = (what: string): string[] => [...sharedStore.contents().keys()].filter((name) => name.startsWith(what))

describe('a refresh token that processes share', () => {
  test('RF02: is used once, and all get the result', async () => {
    const provider = spender()
    const outcomes = await Promise.all([process(), process(), process()].map((each) => spendIn(each, provider)))
    expect(outcomes).toEqual([renewed, renewed, renewed])
    expect([provider.times, named('refresh:')]).toEqual([1, []])
  })

  test('RF16: is not used again by a process that comes later with the old one', async () => {
    const provider = spender()
    await spendIn(process(), provider)
    watch.seconds += 599
    expect([await spendIn(process(), provider), provider.times]).toEqual([renewed, 1])
    watch.seconds += 2
    await spendIn(process(), provider)
    expect(provider.times).toBe(2)
  })

  test('RF16: is replaced in requests that need no token', async () => {
    await spendIn(process(), spender())
    const other = process()
    expect(other.latest(old)).toBe(old)
    await other.loadSuccessors(old)
    expect(other.latest(old)).toMatchObject({ tokens, data: { private: true } })
    await other.loadSuccessors(record())
  })

  test('RF09: that stays the same still brings newer tokens, and never older ones', async () => {
    const same = (n: number): RefreshOutcome => ({
      kind: 'renewed',
      tokens: { ...tokens, refreshToken: 'refresh-1', accessToken: `access-${n}`, obtainedAt: start + n },
    })
    await spendIn(process(), spender(same(5)))
    const newer = record({
      tokens: { ...base, accessToken: 'access-9', refreshToken: 'refresh-1', obtainedAt: start + 9 },
    })
    const other = process()
    await other.loadSuccessors(newer)
    expect(other.latest(newer)).toBe(newer)
    const provider = spender(same(10))
    expect([await spendIn(other, provider, newer), provider.times]).toEqual([same(10), 1])
  })

  test('RF05: that is refused publishes nothing, and frees the lock', async () => {
    const ended: RefreshOutcome = { kind: 'ended', error: new Error('refused') as never }
    expect(await spendIn(process(), spender(ended))).toBe(ended)
    await expect(spendIn(process(), spender(new Error('provider away')))).rejects.toThrow('provider away')
    expect(sharedStore.contents().size).toBe(0)
  })

  test('RF03: whose holder has died is used by the next process, after the lock has ended', async () => {
    const dead = process()
    void spendIn(dead, { times: 0, spend: () => new Promise(() => undefined) }).catch(() => undefined)
    while (named('refresh:').length === 0) await new Promise(setImmediate)
    expect(sharedStore.remaining(named('refresh:')[0] ?? '')).toBe(20_000)
    watch.seconds += 21
    const provider = spender()
    expect([await spendIn(process(), provider), provider.times]).toEqual([renewed, 1])
  })

  test('RF03: is not sent any more by a process that was paused for longer than its lock lives', async () => {
    const provider = spender()
    const stopped = gate()
    const paused = process().refreshOnce(old, { refreshToken: 'refresh-1', target: '' }, async (lastLook) => {
      await stopped.opened
      return (await lastLook()) ?? provider.spend()
    })
    while (named('refresh:').length === 0) await new Promise(setImmediate)
    watch.seconds += 21
    await spendIn(process(), provider)
    stopped.open()
    expect([await paused, provider.times]).toEqual([renewed, 1])
  })

  test('RF03: is not sent either where nobody has used it meanwhile, since others may be about to', async () => {
    const provider = spender()
    const paused = process().refreshOnce(old, { refreshToken: 'refresh-1', target: '' }, async (lastLook) => {
      watch.seconds += 21
      return (await lastLook()) ?? provider.spend()
    })
    await expect(paused).rejects.toMatchObject({ code: 'provider_unavailable', status: 503 })
    expect(provider.times).toBe(0)
  })

  test('RF03: is looked for once more with the lock in hand', async () => {
    const provider = spender()
    const late = process()
    const held = gate()
    sharedStore.before = ({ operation }) => (operation === 'add' ? held.opened : undefined)
    const waiting = spendIn(late, provider)
    await new Promise(setImmediate)
    sharedStore.before = () => undefined
    await spendIn(process(), provider)
    held.open()
    expect([await waiting, provider.times]).toEqual([renewed, 1])
  })
})

describe('what a shared store holds of a refresh', () => {
  test('SR01: is neither token nor id, and does not open with the secret alone', async () => {
    await spendIn(process(), spender())
    const [name = ''] = named('renewed:')
    const value = sharedStore.contents().get(name) ?? ''
    expect(name).toMatch(/^renewed:1:[\w-]{43}$/)
    const parts = `${name}.${value}`.split(/[.:]/).map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    for (const word of ['refresh-', 'access-', 'an-id', 'alice', 'private']) {
      expect([name, value, ...parts].some((text) => text.includes(word))).toBe(false)
    }
    const purpose = ['renewed tokens', ...audience]
    expect(createSeal(secrets, purpose, watch).open(value)).toBeUndefined()
    expect(createNamedSeals(secrets, purpose, watch)('an-id').open(value)?.payload).not.toHaveProperty('dat')
  })

  test('SR08: is of no use to another session, nor to another application', async () => {
    await spendIn(process(), spender())
    for (const [refreshes, of] of [
      [process(), { ...old, id: 'another' }],
      [process(['https://op.example.com', 'other']), old],
    ] as const) {
      await refreshes.loadSuccessors(of)
      expect(refreshes.latest(of)).toBe(of)
    }
  })

  test.each(['garbage', ''])('is ignored where it is %p', async (value) => {
    await spendIn(process(), spender())
    await sharedStore.set(named('renewed:')[0] ?? '', value, 60_000)
    const provider = spender()
    expect([await spendIn(process(), provider), provider.times]).toEqual([renewed, 1])
  })
})

describe('a shared store that is unavailable', () => {
  test('RF07, SR04: allows no refresh, and no result of one', async () => {
    sharedStore.outage = true
    const provider = spender()
    await expect(spendIn(process(), provider)).rejects.toThrow('away')
    const other = process()
    await other.loadSuccessors(old)
    expect([provider.times, other.latest(old)]).toEqual([0, old])
  })

  test('RF02: that fails once the tokens are there loses them for nobody in this process', async () => {
    sharedStore.before = ({ operation }) => {
      if (operation === 'set') throw new Error('away')
    }
    const refreshes = process()
    expect(await spendIn(refreshes, spender())).toEqual(renewed)
    expect(refreshes.latest(old)).toMatchObject({ tokens })
  })
})
