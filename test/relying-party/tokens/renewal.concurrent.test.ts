import { describe, expect, test } from '@jest/globals'
import { ProviderError, SessionError } from '../../../lib/errors.js'
import { mainTarget } from '../../../lib/relying-party/tokens/access-target.js'
import { findNothing, type RefreshOutcome, type Refreshes } from '../../../lib/relying-party/tokens/refreshes.js'
import { type RefreshableSession, renew, type RenewalParts } from '../../../lib/relying-party/tokens/renewal.js'
import type { SessionRecord, SessionTokens } from '../../../lib/session/record.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'

const clock = new Clock()
const first = { accessToken: 'access-1', tokenType: 'Bearer' }
const tokens: SessionTokens = { ...first, refreshToken: 'refresh-1', scope: 'openid' }
const next: SessionTokens = { ...tokens, accessToken: 'access-2', refreshToken: 'refresh-2', generation: 1 }
const begun: SessionRecord = {
  ...{ id: 'session-1', createdAt: clock.seconds, touchedAt: clock.seconds },
  ...{ idToken: 'id-token', tokens, data: {} },
}
const renewed: RefreshOutcome = { kind: 'renewed', obtained: { target: '', accessToken: 'access-2' }, tokens: next }
const refused = new ProviderError('provider_unavailable', 'the token is not valid any more')
const ended: RefreshOutcome = { kind: 'ended', error: refused }

interface Scene {
  /** What the provider answers. */
  readonly answer?: RefreshOutcome
  /** What the session is when it is read again, one after the other; the last one stays. */
  readonly stored?: readonly (SessionRecord | undefined)[]
  readonly session?: Partial<RefreshableSession>
  readonly refreshOnce?: Refreshes['refreshOnce']
  readonly record?: SessionRecord
}

/** Renews in a session that others change: what was sent to the provider, and what became of the session. */
function begin({ answer = renewed, stored = [begun], session, refreshOnce, record = begun }: Scene) {
  const [used, revoked, cleared, saved]: [string[], string[], string[], SessionRecord[]] = [[], [], [], []]
  const reads = [...stored]
  const rp = {
    runtime: clock,
    configuration: {
      httpTimeoutSeconds: 10,
      logout: { revoke: true },
      session: { idleSeconds: 600, absoluteSeconds: 600, rollingStepSeconds: 60 },
    },
    provider: { revokeToken: async (token: string) => void revoked.push(token) },
    grants: {
      refresh: async (_record: SessionRecord, token: string) => {
        used.push(token)
        return answer
      },
    },
    refreshes: {
      refreshOnce: refreshOnce ?? ((_record, _attempt, refresh) => refresh(findNothing)),
      latest: (latest: SessionRecord) => latest,
    },
  } as unknown as RenewalParts
  const open: RefreshableSession = {
    current: () => begun,
    store: (changed) => void saved.push(changed),
    clear: () => void cleared.push(begun.id),
    reload: () => (reads.length > 1 ? reads.shift() : reads[0]),
    canStore: () => true,
    ...session,
  }
  const work = renew({ rp, session: open, target: mainTarget }, record, first)
  return { work, used, revoked, cleared, saved }
}

describe('a renewal', () => {
  test('uses the refresh token once, and stores its successor', async () => {
    const { work, used, saved } = begin({})
    expect(await work).toBe('access-2')
    expect([used, saved.map((record) => record.tokens.refreshToken)]).toEqual([['refresh-1'], ['refresh-2']])
  })

  test('is not tried in a session that has no refresh token any more', async () => {
    const { refreshToken: _used, ...rest } = tokens
    const { work, used } = begin({ record: { ...begun, tokens: rest } })
    expect([await failureOf(work), used]).toEqual([expect.objectContaining({ code: 'session_missing' }), []])
  })

  test('takes what another process has stored, and asks no provider', async () => {
    const { work, used } = begin({ stored: [{ ...begun, tokens: next }] })
    expect([await work, used]).toEqual(['access-2', []])
  })

  test('asks the provider where another process has changed the refresh token, but knows nothing newer', async () => {
    const older = { ...begun, tokens: { ...tokens, refreshToken: 'refresh-0', generation: 1 } }
    const { work, used } = begin({
      record: { ...begun, tokens: { ...tokens, generation: 2 } },
      stored: [older],
      answer: { ...renewed, tokens: { ...next, generation: 3 } },
    })
    expect([await work, used]).toEqual(['access-2', ['refresh-1']])
  })

  test('that the provider refuses takes what another process has stored meanwhile', async () => {
    const { work, used } = begin({ answer: ended, stored: [begun, { ...begun, tokens: next }] })
    expect([await work, used]).toEqual(['access-2', ['refresh-1']])
  })

  test('that the provider refuses ends the session where nobody has renewed it', async () => {
    const { work, cleared, saved } = begin({ answer: ended })
    expect([await failureOf(work), cleared, saved]).toEqual([refused, ['session-1'], []])
  })

  test.each([
    ['is gone', undefined],
    ['is another one', { ...begun, id: 'session-2' }],
  ])('asks no provider for a session that %s', async (_what, stored) => {
    const { work, used } = begin({ stored: [stored] })
    expect([await failureOf(work), used]).toEqual([expect.objectContaining({ code: 'session_missing' }), []])
  })

  test('revokes the new tokens of a session that has ended meanwhile, and no others', async () => {
    const session = { current: () => undefined }
    const won = begin({ session })
    expect(await failureOf(won.work)).toMatchObject({ code: 'session_missing' })
    expect([won.revoked, won.saved]).toEqual([['refresh-2'], []])
    const lost = begin({ session, answer: ended })
    expect(await failureOf(lost.work)).toMatchObject({ code: 'session_missing' })
    expect(lost.revoked).toEqual([])
  })

  test('revokes the new tokens where the store says that the session has ended', async () => {
    const missing = new SessionError('session_missing', 'gone')
    const store = () => Promise.reject(missing)
    const { work, revoked } = begin({ session: { store } })
    expect([await failureOf(work), revoked]).toEqual([missing, ['refresh-2']])
  })

  test('saves the new tokens again while the store is unavailable, three times at most', async () => {
    const away = new SessionError('session_store_unavailable', 'away')
    let saves = 0
    const returns = begin({ session: { store: async () => (saves++ === 0 ? Promise.reject(away) : undefined) } })
    expect([await returns.work, saves, returns.used]).toEqual(['access-2', 2, ['refresh-1']])
    const stays = begin({ session: { store: () => ((saves += 1), Promise.reject(away)) } })
    expect([await failureOf(stays.work), saves, stays.revoked]).toEqual([away, 5, []])
  })

  test('does not save again, and revokes nothing, where the session has no room for the tokens', async () => {
    let saves = 0
    const tooLarge = new SessionError('session_too_large', 'no room')
    const store = () => ((saves += 1), Promise.reject(tooLarge))
    const { work, revoked } = begin({ session: { store } })
    expect([await failureOf(work), saves, revoked]).toEqual([tooLarge, 1, []])
  })
})

describe("a renewal that joined another request's, which ended too late", () => {
  const tooLate = new SessionError('headers_already_sent', 'too late')
  const joined = (): Refreshes['refreshOnce'] => {
    let calls = 0
    return async (_record, _attempt, refresh) => {
      if (calls++ === 0) throw tooLate
      return refresh(findNothing)
    }
  }

  test('begins one of its own', async () => {
    const { work, used } = begin({ refreshOnce: joined() })
    expect([await work, used]).toEqual(['access-2', ['refresh-1']])
  })

  test('fails too where its own response is under way by now', async () => {
    let looks = 0
    const { work, used } = begin({ refreshOnce: joined(), session: { canStore: () => looks++ === 0 } })
    expect([await failureOf(work), used]).toEqual([tooLate, []])
  })
})
