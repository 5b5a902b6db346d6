import { afterEach, describe, expect, test } from '@jest/globals'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Build, type RunningHost, hosts } from './hosts.js'
import type { Handler, Next } from './layers.js'

const answer: Handler = (req, res) => void res.end(`${req.method} ${req.url}`)

function pass(_req: IncomingMessage, _res: ServerResponse, next: Next) {
  next()
}

describe.each(hosts)('$name', (host) => {
  const running: RunningHost[] = []
  const start = async (build: Build) => {
    const started = await host.start(build)
    running.push(started)
    return started
  }
  afterEach(async () => {
    await Promise.all(running.splice(0).map((started) => started.close()))
  })

  test('tells the application its origin before it is built', async () => {
    const { url } = await start(({ baseUrl }) => [(_req, res) => void res.end(baseUrl)])
    expect(await (await fetch(url)).text()).toBe(url)
  })

  test('routes by method and exact path, and answers 404 to the rest', async () => {
    const { url } = await start(() => [pass, { method: 'POST', path: '/orders', handlers: [pass, answer] }])
    expect(await (await fetch(`${url}/orders?x=1`, { method: 'POST' })).text()).toBe('POST /orders?x=1')
    expect((await fetch(`${url}/orders`)).status).toBe(404)
    expect((await fetch(`${url}/orders/7`, { method: 'POST' })).status).toBe(404)
  })

  test('mounts by prefix and strips it only where the framework does', async () => {
    const { url, name } = await start(() => [{ mount: '/api', handlers: [pass, answer] }])
    expect(await (await fetch(`${url}/api/orders`)).text()).toBe(
      name === 'node:http' ? 'GET /api/orders' : 'GET /orders',
    )
    expect((await fetch(`${url}/apix`)).status).toBe(404)
  })

  test('counts the calls of next of every middleware', async () => {
    const twice: Handler = (_req, _res, next) => {
      next()
      next()
    }
    const { url, journal } = await start(() => [pass, twice, answerOnce])
    await fetch(`${url}/here`)
    expect(journal.passages.map(({ name, nexts }) => [name, nexts])).toEqual(
      expect.arrayContaining([
        ['pass', 1],
        ['twice', 2],
        ['answerOnce', 0],
      ]),
    )
    expect(journal.passages[0]?.target).toBe('/here')
  })

  test('answers an error with its own status, headers and code, and keeps it in the journal', async () => {
    const failure = Object.assign(new Error('Not today.'), { status: 403, code: 'no', headers: { 'x-why': 'rain' } })
    const { url, journal } = await start(() => [(_req, _res, next) => next(failure)])
    const response = await fetch(url)
    expect([response.status, response.headers.get('x-why')]).toEqual([403, 'rain'])
    expect(await response.json()).toEqual({ code: 'no', message: 'Not today.' })
    expect([journal.errors, journal.passages[0]?.errors]).toEqual([[failure], [failure]])
  })

  test('answers 500 to what a middleware throws', async () => {
    const { url } = await start(() => [
      () => {
        throw new Error('Broken.')
      },
    ])
    const response = await fetch(url)
    expect([response.status, await response.json()]).toEqual([500, { message: 'Broken.' }])
  })

  test('records the rejection of an async middleware, to which only Express 5 listens', async () => {
    const client = new AbortController()
    const { url, journal } = await start(() => [
      async () => {
        if (host.name !== 'Express 5') setImmediate(() => client.abort())
        throw new Error('Late.')
      },
    ])
    const status = await fetch(url, { signal: client.signal }).then(
      (response) => response.status,
      () => 'gave up',
    )
    expect(status).toBe(host.name === 'Express 5' ? 500 : 'gave up')
    expect(journal.rejections).toEqual([new Error('Late.')])
  })

  test('frees its port when the application cannot be built', async () => {
    let place = ''
    const failed = host.start(({ baseUrl }) => {
      place = baseUrl
      throw new Error('No options.')
    })
    await expect(failed).rejects.toThrow('No options.')
    await expect(fetch(place)).rejects.toThrow()
  })
})

function answerOnce(_req: IncomingMessage, res: ServerResponse) {
  if (!res.writableEnded) res.end()
}
