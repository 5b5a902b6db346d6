import { beforeEach, describe, expect, test } from '@jest/globals'
import {
  AuthorizationResponseError,
  ProviderError,
  TokenEndpointError,
  TokenValidationError,
} from '../../../lib/errors.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { UnclearRefusal } from '../../../lib/provider/grants/refresh-response.js'
import { createProvider } from '../../../lib/provider/provider.js'
import { createRelyingParty } from '../../../lib/relying-party/create.js'
import type { RelyingParty } from '../../../lib/relying-party/relying-party.js'
import { currentAccessToken, replacementFor } from '../../../lib/relying-party/tokens/access-token.js'
import { RefusedRefreshes } from '../../../lib/relying-party/tokens/refused-refreshes.js'
import type { RefreshableSession } from '../../../lib/relying-party/tokens/renewal.js'
import { UnverifiedIdTokens } from '../../../lib/relying-party/tokens/unverified-id-tokens.js'
import { RefreshCoordinator, type RefreshOutcome } from '../../../lib/relying-party/tokens/refreshes.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { clientSettings, providerSettings } from '../../../lib/provider/settings.js'
import { record } from '../../session/example.js'
import { Clock, start } from '../../kit/clock.js'

const options = parseOidcOptions({
  issuer: 'https://op.example.com',
  clientId: 'web',
  clientSecret: 'secret',
  baseUrl: 'https://app.example.com',
  secret: 'a secret for tests only, 32 characters at least',
})

let watch: Clock
let spent: string[]
let outcome: () => RefreshOutcome
let rp: RelyingParty
let isOpen: boolean
beforeEach(() => {
  watch = new Clock()
  spent = []
  isOpen = true
  outcome = () => renewed('second')
  const provider = createProvider(
    { issuer: options.issuer, ...providerSettings(options, watch) },
    clientSettings(options),
  )
  const spend = async (_record: SessionRecord, refreshToken: string) => {
    spent.push(refreshToken)
    return outcome()
  }
  rp = {
    ...createRelyingParty(options, provider, watch),
    grants: { refresh: spend, unverified: new UnverifiedIdTokens(provider, watch) },
  }
})

function tokens(name: string, lifetime = 600) {
  const end = { obtainedAt: watch.seconds, expiresAt: watch.seconds + lifetime }
  return { accessToken: name, tokenType: 'bearer', scope: 'openid', refreshToken: `refresh-${name}`, ...end }
}

function renewed(name: string, lifetime = 600): RefreshOutcome {
  return { kind: 'renewed', obtained: { target: '', accessToken: name }, tokens: tokens(name, lifetime) }
}

function session(changes: Partial<SessionRecord> = {}): RefreshableSession & { record: SessionRecord | undefined } {
  return {
    record: record({ tokens: tokens('first'), ...changes }),
    current() {
      return this.record
    },
    store(next) {
      this.record = next
    },
    clear() {
      this.record = undefined
    },
    reload() {
      return this.record
    },
    canStore: () => isOpen,
  }
}

describe('sessions that began at the same moment', () => {
  test('RF08: renew their tokens at different moments, each early enough', async () => {
    const sessions = Array.from({ length: 256 }, (_, byte) =>
      session({
        id: Buffer.from([byte, 1, 2]).toString('base64url'),
        tokens: { ...tokens('first'), refreshToken: `of-${byte}` },
      }),
    )
    const counts: number[] = []
    for (watch.seconds = start + 500; watch.seconds <= start + 571; watch.seconds += 1) {
      for (const each of sessions) await currentAccessToken(rp, each)
      counts.push(spent.length)
    }
    const bySecond = counts.map((count, index) => count - (counts[index - 1] ?? 0))
    expect(counts[9]).toBe(0)
    expect(counts.at(-1)).toBe(256)
    expect(new Set(spent).size).toBe(256)
    expect(Math.max(...bySecond)).toBeLessThan(10)
  })

  test('RF08: keep their valid token when the provider is unavailable', async () => {
    const failures = [new ProviderError('provider_timeout', 'm'), new TokenEndpointError('token_request_failed', 'm')]
    for (const failure of failures) {
      outcome = () => {
        throw failure
      }
      watch.seconds = start
      const each = session()
      watch.seconds = start + 599
      expect(await currentAccessToken(rp, each)).toBe('first')
      watch.seconds += 1
      await expect(currentAccessToken(rp, each)).rejects.toBe(failure)
    }
    expect(spent).toHaveLength(4)
  })
})

describe('a session', () => {
  test('from before an upgrade, which does not say when its token began, is renewed at the last moment', async () => {
    const { obtainedAt: _, ...rest } = tokens('first')
    const old = session({ id: '_w', tokens: rest })
    watch.seconds += 570
    expect(await currentAccessToken(rp, old)).toBe('first')
    watch.seconds += 1
    expect(await currentAccessToken(rp, old)).toBe('second')
  })

  test('with an empty id, or a token without an end, is handled like any other', async () => {
    const endless = session({ tokens: { accessToken: 'first', tokenType: 'bearer', scope: '', refreshToken: 'r' } })
    expect(await currentAccessToken(rp, endless, { minTtl: 1e9 })).toBe('first')
    watch.seconds += 569
    expect(await currentAccessToken(rp, session({ id: '' }))).toBe('first')
    expect(spent).toEqual([])
  })

  test('whose response has begun is renewed neither early nor late', async () => {
    const each = session({ id: '_w' })
    isOpen = false
    watch.seconds += 569
    expect(await currentAccessToken(rp, each)).toBe('first')
    watch.seconds += 2
    await expect(currentAccessToken(rp, each)).rejects.toMatchObject({ code: 'headers_already_sent', status: 500 })
    await expect(replacementFor(rp, each, 'first')).rejects.toMatchObject({ code: 'headers_already_sent' })
    expect(spent).toEqual([])
  })

  test('without a refresh token keeps the token that an API refused', async () => {
    const { refreshToken: _, ...rest } = tokens('first')
    expect(await replacementFor(rp, session({ tokens: rest }), 'first')).toBe('first')
  })

  test('that has another token by now returns that one for the refused one', async () => {
    expect(await replacementFor(rp, session(), 'older')).toBe('first')
    expect(spent).toEqual([])
  })

  test('that another login has replaced meanwhile is left alone', async () => {
    const each = session()
    outcome = () => {
      each.record = record({ id: 'another', tokens: tokens('other') })
      return renewed('second')
    }
    watch.seconds += 600
    await expect(currentAccessToken(rp, each)).rejects.toMatchObject({ code: 'session_missing' })
    expect(each.record?.tokens.accessToken).toBe('other')
  })
})

describe('the refreshes that a process remembers', () => {
  const main = (refreshToken: string) => ({ refreshToken, target: '' })

  test('RF16: include the newest of several successors, for ten minutes each', async () => {
    const refreshes = new RefreshCoordinator(watch)
    const first = record({ tokens: tokens('a') })
    for (const [from, to] of ['ab', 'bc', 'cd'].map(([from = '', to = '']) => [from, to] as const)) {
      await refreshes.refreshOnce(record({ tokens: tokens(from) }), main(`refresh-${from}`), async () => renewed(to))
    }
    expect(refreshes.latest(first).tokens.accessToken).toBe('d')
    watch.seconds += 599
    expect(refreshes.latest(first).tokens.accessToken).toBe('d')
    watch.seconds += 2
    expect(refreshes.latest(first)).toBe(first)
  })

  test('RF01: do not include failures: the next request may try', async () => {
    const refreshes = new RefreshCoordinator(watch)
    const each = record({ tokens: tokens('a') })
    const fails = async () => Promise.reject(new ProviderError('provider_timeout', 'm'))
    await expect(refreshes.refreshOnce(each, main('refresh-a'), fails)).rejects.toMatchObject({
      code: 'provider_timeout',
    })
    expect(await refreshes.refreshOnce(each, main('refresh-a'), async () => renewed('b'))).toMatchObject({
      kind: 'renewed',
    })
  })

  test('are bounded', async () => {
    const refreshes = new RefreshCoordinator(watch)
    const of = (name: string) => record({ id: name, tokens: tokens(name) })
    for (let count = 0; count <= 10_000; count += 1) {
      const name = `s${count}`
      refreshes.end(of(name))
      await refreshes.refreshOnce(of(name), main(`refresh-${name}`), async () => renewed(`${name}-new`))
    }
    expect(refreshes.latest(of('s0')).tokens.accessToken).toBe('s0')
    expect(refreshes.latest(of('s10000')).tokens.accessToken).toBe('s10000-new')
    expect([refreshes.hasEnded(of('s0')), refreshes.hasEnded(of('s10000'))]).toEqual([false, true])
  })

  test('do not affect a session without a refresh token', async () => {
    const refreshes = new RefreshCoordinator(watch)
    await refreshes.refreshOnce(record({ tokens: tokens('a') }), main('refresh-a'), async () => renewed('b'))
    const plain = record()
    expect(refreshes.latest(plain)).toBe(plain)
    expect([refreshes.mayReplaceRefused(plain, ''), refreshes.mayReplaceRefused(plain, '')]).toEqual([true, false])
  })

  test('make nobody keep a token that an API refuses because the clock was set back', () => {
    const refreshes = new RefreshCoordinator(watch)
    expect(refreshes.mayReplaceRefused(record(), '')).toBe(true)
    watch.seconds -= 3600
    expect(refreshes.mayReplaceRefused(record(), '')).toBe(true)
  })
})

describe('an unclear refusal of a refresh', () => {
  test('ends a session whose cookie had no room for the access token, like one whose token is dead', () => {
    const refused = new RefusedRefreshes(watch)
    const living = record({ id: 'one', tokens: tokens('first') })
    const judge = (each: SessionRecord) => refused.classify(new UnclearRefusal('invalid_request'), each, { name: '' })
    expect(judge(living).ended).toBe(false)
    expect(judge({ ...living, tokens: { ...living.tokens, accessToken: '' } }).ended).toBe(true)
  })
})

describe('an ID Token that cannot be verified before the provider’s keys are available', () => {
  const refreshed = {
    accessToken: 'second',
    tokenType: 'bearer',
    scope: '',
    refreshToken: 'r',
    unverifiedIdToken: 'unverified',
  }
  function waiting() {
    const answers: ((answer: object | Error) => void)[] = []
    const checkRefreshedIdToken = () =>
      new Promise<object>((resolve, reject) => {
        answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))
      })
    const unverified = new UnverifiedIdTokens({ checkRefreshedIdToken }, watch)
    const before = record({ tokens: tokens('first') })
    const after = { ...before, tokens: { ...tokens('second'), generation: 1 } }
    unverified.keep(before, refreshed)
    return { unverified, after, answers }
  }

  test('delays a request with a valid access token only for a moment, and is verified later', async () => {
    const { unverified, after, answers } = waiting()
    expect(await unverified.validate(after, false)).toBe(after)
    expect(await unverified.validate(after, false)).toBe(after)
    expect(answers).toHaveLength(1)
    const urgent = unverified.validate(after, true)
    answers[0]?.({ idToken: 'verified' })
    expect(await urgent).toEqual({ ...after, idToken: 'verified' })
    expect(unverified.has(after)).toBe(false)
  })

  test.each([
    ['is invalid', new TokenValidationError('token_signature_invalid', 'm')],
    ['is of a tenant that is no longer accepted', new AuthorizationResponseError('access_denied', 'm')],
  ])('ends the session in the background where it %s', async (_what, error) => {
    const { unverified, after, answers } = waiting()
    expect(await unverified.validate(after, false)).toBe(after)
    answers[0]?.(error)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await unverified.validate(after, false)).toEqual({ kind: 'ended', error })
  })

  test('is forgotten with its session, and after an hour', () => {
    const { unverified, after } = waiting()
    unverified.forget(after)
    expect(unverified.has(after)).toBe(false)
    const other = waiting()
    watch.seconds += 3_599
    expect(other.unverified.has(other.after)).toBe(true)
    watch.seconds += 2
    expect(other.unverified.has(other.after)).toBe(false)
  })
})
