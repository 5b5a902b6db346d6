import { describe, expect, test } from '@jest/globals'
import { ProviderError } from '../../lib/errors.js'
import { EndpointRecord } from '../../lib/provider/health.js'
import { createTokens } from '../kit/client/source.js'
import { down, json } from '../kit/provider/answers.js'
import { failureOf } from '../kit/failure.js'
import { Clock } from '../kit/clock.js'

const answer = (status: number) => async () => new Response(null, { status })
const isRefused = ({ status }: Response) => status === 401

describe('the record of an endpoint', () => {
  test('knows nothing before the first request', () => {
    expect(new EndpointRecord(new Clock()).health()).toEqual({ state: 'unknown' })
  })

  test.each([200, 400])('counts status %i as an answer', async (status) => {
    const clock = new Clock()
    const record = new EndpointRecord(clock)
    await record.watch(answer(status), isRefused)
    expect(record.health()).toEqual({ state: 'ok', lastSuccessAt: Math.floor(clock.now() / 1000) })
  })

  test('tells refused credentials from an answer', async () => {
    const record = new EndpointRecord(new Clock())
    await record.watch(answer(401), isRefused)
    expect(record.health()).toMatchObject({ state: 'failing', lastFailure: 'provider_refused_client' })
  })

  test('keeps when it last worked and when it last failed, and lets failures through', async () => {
    const clock = new Clock()
    const record = new EndpointRecord(clock)
    await record.watch(answer(200), isRefused)
    const first = Math.floor(clock.now() / 1000)
    clock.advance(60)
    const error = new ProviderError('provider_timeout', 'x')
    await expect(record.watch(() => Promise.reject(error), isRefused)).rejects.toBe(error)
    const failed = { lastFailureAt: first + 60, lastFailure: 'provider_timeout' }
    expect(record.health()).toEqual({ state: 'failing', lastSuccessAt: first, ...failed })
    clock.advance(60)
    await record.watch(answer(200), isRefused)
    expect(record.health()).toEqual({ state: 'ok', lastSuccessAt: first + 120, ...failed })
  })
})

describe('the health of a source of tokens', () => {
  test('says how the token endpoint was, without a request', async () => {
    const { source, ...tokens } = createTokens()
    expect(source.health().tokenEndpoint).toEqual({ state: 'unknown' })
    await source.getToken()
    expect(source.health().tokenEndpoint).toMatchObject({ state: 'ok' })
    expect(tokens.requests()).toHaveLength(1)
  })

  test.each([
    ['rejects the client with 401', 401, 'invalid_client', 'failing'],
    ['rejects the client with 400', 400, 'invalid_client', 'failing'],
    ['rejects the client for this grant', 400, 'unauthorized_client', 'failing'],
    ['rejects the grant', 400, 'invalid_grant', 'ok'],
    ['rejects the grant with 401', 401, 'invalid_grant', 'ok'],
    ['rejects the scope', 400, 'invalid_scope', 'ok'],
  ])('tells a refused client from other answers: the token endpoint %s', async (_, status, error, state) => {
    const tokens = createTokens()
    tokens.failure = () => json({ error }, status)
    await failureOf(tokens.source.getToken())
    const lastFailure = state === 'ok' ? undefined : 'provider_refused_client'
    expect(tokens.source.health().tokenEndpoint).toMatchObject({ state })
    expect(tokens.source.health().tokenEndpoint.lastFailure).toBe(lastFailure)
  })

  test('says that the token endpoint is down, and since when', async () => {
    const tokens = createTokens()
    tokens.failure = down
    await failureOf(tokens.source.getToken())
    const lastFailureAt = Math.floor(tokens.op.clock.now() / 1000)
    const failing = { state: 'failing', lastFailure: 'provider_unavailable', lastFailureAt }
    expect(tokens.source.health().tokenEndpoint).toEqual(failing)
  })
})
