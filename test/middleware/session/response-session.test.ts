import { describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import onHeaders from 'on-headers'
import type { HttpRequest } from '../../../lib/http/request.js'
import { bindSession } from '../../../lib/middleware/session/response-session.js'
import type { SessionBinding } from '../../../lib/middleware/session/identity.js'
import { RefreshCoordinator } from '../../../lib/relying-party/tokens/refreshes.js'
import { createStatelessStorage, revocableStorage } from '../../../lib/session/storage/stateless.js'
import { ProcessRevocations } from '../../../lib/session/revocation/revocations.js'
import { limits, record, sentBack, settings } from '../../session/example.js'
import { Clock, start } from '../../kit/clock.js'

/** Runs a handler over a real response, with the cookies of a session, and returns the Set-Cookie lines. */
async function respondWith(
  handle: (session: SessionBinding, watch: Clock) => void,
  {
    at = 0,
    cookies,
    maxBytes = 7168,
    secrets,
  }: { at?: number; cookies?: object; maxBytes?: number; secrets?: string[] } = {},
): Promise<readonly string[]> {
  const watch = new Clock()
  const sealed = createStatelessStorage(settings(watch)).write(record(), {})
  watch.seconds += at
  const statelessStorage = createStatelessStorage(
    settings(watch, { maxBytes, ...(secrets === undefined ? {} : { secrets }) }),
  )
  const storage = revocableStorage(statelessStorage, {
    revocations: new ProcessRevocations(watch, limits.absoluteSeconds),
    runtime: watch,
    remark: () => undefined,
  })
  const further = (): readonly string[] => []
  const exchange = { cookies: cookies ?? sentBack(sealed), furtherCookies: further } as unknown as HttpRequest
  const server = createServer((_req, res) => {
    const binding = bindSession(
      {
        limits,
        runtime: watch,
        refreshes: new RefreshCoordinator(watch),
        forget: () => undefined,
        countsAsUse: () => true,
        areEndsShared: false,
      },
      storage,
      exchange,
      res,
    )
    if (binding instanceof Promise) throw new Error('a session in the cookie needs no waiting')
    handle(binding, watch)
    res.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const call = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }).end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  response.resume()
  await new Promise((closed) => server.close(closed))
  return response.headers['set-cookie'] ?? []
}

/** A session that was sealed here, and cut off since. */
function damaged(): string {
  const sealed = sentBack(createStatelessStorage(settings(new Clock())).write(record(), {}))
  return (sealed['__Host-oidc'] ?? '').slice(0, 100)
}

const nothing = (): void => undefined
const names = (lines: readonly string[]): string[] => lines.map((line) => line.split(';', 1)[0]?.slice(0, 14) ?? '')

describe('the session of one request', () => {
  test('is the one that the cookies hold, and there is none without cookies', async () => {
    const seen: unknown[] = []
    await respondWith((session) => seen.push(session.current()?.id))
    await respondWith((session) => seen.push(session.current()?.id), { cookies: {} })
    expect(seen).toEqual(['an-id', undefined])
  })

  test('is renewed when due', async () => {
    expect(await respondWith(nothing, { at: 59 })).toEqual([])
    expect(names(await respondWith(nothing, { at: 60 }))).toEqual(['__Host-oidc=ey'])
  })

  test('stays in its cookie when a lowered limit makes it too large, since the response cannot report an error', async () => {
    expect(await respondWith(nothing, { at: 60, maxBytes: 100 })).toEqual([])
  })

  test('is sealed anew with the new secret on its first use', async () => {
    const [old = ''] = settings(new Clock()).secrets
    const secrets = ['the new secret for tests, 32 characters at least', old]
    expect(names(await respondWith(nothing, { secrets }))).toEqual(['__Host-oidc=ey'])
  })

  test('that was sealed here but cannot be read is removed from the browser', async () => {
    const cookies = { '__Host-oidc': `2.${damaged()}`, '__Host-oidc.1': 'more' }
    expect(names(await respondWith(nothing, { cookies }))).toEqual(['__Host-oidc=', '__Host-oidc.1='])
  })

  test('that somebody else sealed, or that was never sealed, stays in the browser', async () => {
    const theirs = createStatelessStorage(
      settings(new Clock(), { audience: ['https://op.example.com', 'another client'] }),
    )
    for (const cookies of [
      sentBack(theirs.write(record(), {})),
      { '__Host-oidc': 'garbage' },
      { '__Host-oidc.1': 'x' },
    ])
      expect(await respondWith(nothing, { cookies })).toEqual([])
  })

  test('SC14: is not renewed by a response that took over five seconds, nor removed by one that took over half a second', async () => {
    const wait = (seconds: number) => (_session: SessionBinding, watch: Clock) => void (watch.seconds += seconds)
    const cookies = { '__Host-oidc': damaged() }
    expect(await respondWith(wait(6), { at: 60 })).toEqual([])
    expect(await respondWith(wait(5), { at: 60 })).toHaveLength(1)
    expect(await respondWith(wait(0.6), { cookies })).toEqual([])
    expect(await respondWith(wait(0.5), { cookies })).toHaveLength(1)
  })

  test('lives on when every request stores something', async () => {
    let stored: number | undefined
    const update = (session: SessionBinding): void => {
      void session.store({ ...record(), data: { a: 1 } })
      stored = session.current()?.touchedAt
    }
    const [line = ''] = await respondWith(update, { at: 500 })
    expect([stored, /Max-Age=\d+/.exec(line)?.[0]]).toEqual([start + 500, 'Max-Age=600'])
    await respondWith(update, { at: 59 })
    expect(stored).toBe(start)
  })

  test('ends when it is cleared, whatever was due or stored before', async () => {
    const clear = (session: SessionBinding): void => {
      void session.store(record())
      void session.clear()
      expect(session.current()).toBeUndefined()
    }
    expect(names(await respondWith(clear, { at: 60 }))).toEqual(['__Host-oidc='])
    expect(await respondWith(clear, { cookies: {} })).toEqual([])
  })

  test('is unchanged when storing fails', async () => {
    const incompressible = randomBytes(8000).toString('base64')
    const attempt = (session: SessionBinding): void => {
      expect(() => session.store({ ...record(), data: { x: incompressible } })).toThrow('session.maxCookieBytes')
      expect(session.current()?.data).toEqual({})
    }
    expect(await respondWith(attempt)).toEqual([])
  })
})

describe('the response that carries a session', () => {
  const renewable = record({ tokens: { accessToken: 'a1', tokenType: 'bearer', scope: 'openid', refreshToken: 'r1' } })
  const renewed = { ...renewable.tokens, accessToken: 'a2', refreshToken: 'r2', generation: 1 }

  /** Has a handler bind a session, and returns the headers of the answer. */
  async function answerTo(
    handle: (bound: { session: SessionBinding; res: ServerResponse; refreshes: RefreshCoordinator }) => unknown,
  ): Promise<IncomingHttpHeaders> {
    const watch = new Clock()
    const statelessStorage = createStatelessStorage(settings(watch))
    const exchange = { cookies: sentBack(statelessStorage.write(renewable, {})) } as HttpRequest
    const storage = revocableStorage(statelessStorage, {
      revocations: new ProcessRevocations(watch, limits.absoluteSeconds),
      runtime: watch,
      remark: () => undefined,
    })
    const refreshes = new RefreshCoordinator(watch)
    const bindingSettings = {
      limits,
      runtime: watch,
      refreshes,
      forget: () => undefined,
      countsAsUse: () => true,
      areEndsShared: false,
    }
    const server = createServer((_req, res) => {
      const session = bindSession(bindingSettings, storage, exchange, res) as SessionBinding
      Promise.resolve(handle({ session, res, refreshes })).then(
        () => res.end(),
        (error: Error) => res.writeHead(500).end(error.message),
      )
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const call = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }).end()
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    response.resume()
    await new Promise((closed) => server.close(closed))
    expect(response.statusCode).toBe(200)
    return response.headers
  }

  const tokensIn = (headers: IncomingHttpHeaders): unknown => {
    const found = createStatelessStorage(settings(new Clock())).read(sentBack(headers['set-cookie'] ?? []))
    return typeof found === 'object' && 'record' in found ? found.record.tokens : undefined
  }

  const renewElsewhere = (refreshes: RefreshCoordinator): Promise<unknown> =>
    refreshes.refreshOnce(renewable, { refreshToken: 'r1', target: '' }, async () => ({
      kind: 'renewed',
      obtained: { target: '', accessToken: 'a2' },
      tokens: renewed,
    }))

  test('SC13: is not cached, whatever later middleware says', async () => {
    const headers = await answerTo(async ({ session, res }) => {
      onHeaders(res, () => {
        res.setHeader('Cache-Control', 'public, max-age=60')
        res.setHeader('Vary', 'Accept')
      })
      await session.store({ ...renewable, data: { a: 1 } })
    })
    expect(headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Accept, Cookie' })
    expect(headers['set-cookie']).toHaveLength(1)
  })

  test('carries the tokens that another request has renewed after a change was stored', async () => {
    const headers = await answerTo(async ({ session, refreshes }) => {
      await session.store({ ...renewable, data: { a: 1 } })
      await renewElsewhere(refreshes)
      expect(session.current()?.tokens).toEqual(renewed)
    })
    expect(tokensIn(headers)).toEqual(renewed)
  })

  test('carries the tokens that another request has renewed while it was under way', async () => {
    const headers = await answerTo(({ refreshes }) => renewElsewhere(refreshes))
    expect(tokensIn(headers)).toEqual(renewed)
  })
})
