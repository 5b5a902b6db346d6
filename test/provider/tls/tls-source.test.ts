import { afterEach, describe, expect, test } from '@jest/globals'
import { parseCurrentTls } from '../../../lib/options/common/tls.js'
import { createTlsSource, type TlsSource } from '../../../lib/provider/tls/tls-source.js'
import { createHttpClient, type HttpClient } from '../../../lib/provider/transport/http-client.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { startMutualTls } from '../../kit/provider/mutual-tls.js'
import { type Certificate, selfSigned } from '../../kit/resource-server/certificate.js'
import { settled, until } from '../../kit/until.js'
import { watchAll } from '../../kit/watching/watching.js'

const old = selfSigned('old', { years: [2020, 2049] })
const next = selfSigned('next', { years: [2020, 2049] })
const expired = selfSigned('expired', { years: [2020, 2021] })
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

function sourceOf(tls: () => unknown, clock: Clock, seconds = 5): TlsSource {
  return createTlsSource(tls, { option: 'tls', parse: parseCurrentTls, runtime: clock, seconds })
}

/** A server that wants a certificate, and a client that asks a function for it. */
async function renewing(start: unknown = old, { seconds = 5 } = {}) {
  const server = await startMutualTls([old, next], (_req, res) => res.end('x'))
  const clock = new Clock()
  const pair = ({ pem: cert, keyPem: key }: Certificate) => ({ cert, key, ca: server.ca })
  const state = { asked: 0, given: start }
  const give = (): unknown => {
    state.asked += 1
    const { given } = state
    if (typeof given === 'function') return given()
    return typeof given === 'object' && given !== null && 'pem' in given ? pair(given as Certificate) : given
  }
  const tls = sourceOf(give, clock, seconds)
  const httpClient = createHttpClient({ tls, fetch: undefined, httpTimeoutSeconds: 5, dangerouslyAllowHttp: false })
  ends.push(() => httpClient.close(), server.close)
  const events: string[] = []
  const watch = watchAll(({ step, outcome, error }, phase) => {
    if (step === 'certificates' && phase === 'asyncEnd') events.push(`${outcome} ${error?.message ?? ''}`.trim())
  })
  ends.push(() => watch.stop())
  return { server, clock, state, tls, httpClient, events, url: `${server.origin}/x`, ...shownTo(server.requests) }
}

function shownTo(requests: readonly { readonly thumbprint: string }[]) {
  const names = new Map([old, next, expired].map((one) => [one.thumbprint, one === old ? 'old' : 'next']))
  return { shown: () => requests.map(({ thumbprint }) => names.get(thumbprint)) }
}

const ask = (httpClient: HttpClient, url: string) => httpClient.request(url, { method: 'POST', body: 'a=b' })

describe('MT06: certificates that a function returns', () => {
  test('are asked for before the first connection, and not again for a minute', async () => {
    const { httpClient, url, state, clock, shown } = await renewing()
    expect(state.asked).toBe(0)
    await Promise.all([ask(httpClient, url), ask(httpClient, url)])
    clock.advance(59)
    await ask(httpClient, url)
    expect(state.asked).toBe(1)
    expect(shown()).toEqual(['old', 'old', 'old'])
  })

  test('are presented by new connections once they were replaced, while requests under way end as they would', async () => {
    const { httpClient, url, state, clock, server, shown } = await renewing()
    const held: (() => void)[] = []
    server.listener = (_req, res) => void held.push(() => res.end('held'))
    const underWay = ask(httpClient, url)
    await until(() => held.length === 1)
    server.listener = (_req, res) => void res.end('x')
    state.given = next
    clock.advance(60)
    await ask(httpClient, url)
    await settled()
    await ask(httpClient, url)
    for (const finish of held) finish()
    expect((await underWay).text).toBe('held')
    expect(shown()).toEqual(['old', 'old', 'next'])
  })

  test('that are the same again leave the connection alone', async () => {
    const { httpClient, url, clock, server, state } = await renewing()
    const ports = new Set<unknown>()
    server.listener = (req, res) => void res.end(String(ports.add(req.socket.remotePort)))
    for (let times = 0; times < 3; times += 1) {
      await ask(httpClient, url)
      await settled()
      clock.advance(60)
    }
    expect(state.asked).toBe(3)
    expect(ports.size).toBe(1)
  })

  test.each<[string, unknown, string]>([
    ['a function that throws', () => Promise.reject(new Error('secret path')), 'the function in "tls" failed'],
    ['nothing', undefined, 'returned certificates that cannot be used'],
    ['a file that is cut off', { cert: old.pem.slice(0, 99), key: old.keyPem }, '"cert" must be a certificate as PEM'],
    [
      'the key of another certificate',
      { cert: next.pem, key: old.keyPem },
      'must have the "key" that belongs to "cert"',
    ],
  ])('stay in use after %s, and a trace says so', async (_what, given, message) => {
    const { httpClient, url, state, clock, shown, events } = await renewing()
    await ask(httpClient, url)
    state.given = given
    clock.advance(60)
    await ask(httpClient, url)
    await settled()
    await ask(httpClient, url)
    expect(shown()).toEqual(['old', 'old', 'old'])
    expect(events).toEqual(['succeeded', expect.stringContaining(message)])
    expect(events.join()).not.toContain('PRIVATE')
    expect(state.asked).toBe(2)
    state.given = next
    clock.advance(60)
    await ask(httpClient, url)
    await settled()
    await ask(httpClient, url)
    expect(shown().at(-1)).toBe('next')
  })

  test('stay in use while a vault does not answer, and nobody waits for it', async () => {
    const { httpClient, url, state, clock, shown, events } = await renewing(old, { seconds: 0.05 })
    await ask(httpClient, url)
    state.given = () => new Promise(() => undefined)
    clock.advance(60)
    await ask(httpClient, url)
    await until(() => events.length === 2)
    expect(events[1]).toContain('the function in "tls" did not return within 0.05 seconds')
    expect(shown()).toEqual(['old', 'old'])
  })

  test('are waited for once those of before have expired', async () => {
    const clock = new Clock()
    const given = [expired, next]
    const tls = sourceOf(async () => {
      const { pem: cert, keyPem: key } = given.shift() ?? next
      return { cert, key }
    }, clock)
    expect(await tls.current()).toMatchObject({ cert: expired.pem })
    expect(await tls.current()).toMatchObject({ cert: expired.pem })
    clock.advance(60)
    expect(await tls.current()).toMatchObject({ cert: next.pem })
  })

  test('are presented although they have expired, where the function has failed', async () => {
    const clock = new Clock()
    const state = { isDown: false }
    const tls = sourceOf(() => {
      if (state.isDown) throw new Error('down')
      return { cert: expired.pem, key: expired.keyPem }
    }, clock)
    await tls.current()
    state.isDown = true
    clock.advance(60)
    expect(await tls.current()).toMatchObject({ cert: expired.pem })
  })

  test.each<[string, unknown, string, string]>([
    ['throws', () => Promise.reject(new Error('x')), 'provider_unavailable', 'the function in "tls" failed'],
    ['returns nothing', null, 'provider_unavailable', 'returned certificates that cannot be used'],
    ['is late', () => new Promise(() => undefined), 'provider_timeout', 'did not return within 0.05 seconds'],
  ])('are an outage where the function %s at the start, and it is asked again', async (_what, given, code, message) => {
    const { httpClient, url, state, shown } = await renewing(given, { seconds: 0.05 })
    const error = await failureOf(ask(httpClient, url))
    expect(error).toMatchObject({ code, status: 503, message: expect.stringContaining(message) })
    state.given = old
    await ask(httpClient, url)
    expect(shown()).toEqual(['old'])
  })

  test('are asked for without waiting where somebody looks', async () => {
    const clock = new Clock()
    const replaced: unknown[] = []
    const given = [old, old, next]
    const tls = sourceOf(() => {
      const { pem: cert, keyPem: key } = given.shift() ?? next
      return { cert, key }
    }, clock)
    tls.onReplaced(() => replaced.push(tls.known()?.cert))
    for (let times = 0; times < 4; times += 1) {
      tls.refreshIfDue()
      await settled()
      clock.advance(60)
    }
    expect(replaced).toEqual([next.pem])
  })
})
