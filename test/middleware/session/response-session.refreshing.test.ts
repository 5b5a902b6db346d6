import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hosts } from '../../hosts/hosts.js'
import { startWorld, type World } from '../../kit/world/world.js'
import { get } from '../../kit/world/applications.js'

const html = { 'Content-Type': 'text/html' }

/** Ways in which applications answer; each sends "done", or redirects. */
const ways: Readonly<Record<string, (res: ServerResponse) => unknown>> = {
  end: (res) => res.end('done'),
  'write-and-end': (res) => {
    res.write('do')
    res.end('ne')
  },
  'set-header': (res) => res.setHeader('Content-Type', 'application/json').end('done'),
  'write-head': (res) => res.writeHead(200, html).end('done'),
  'write-head-reason': (res) => res.writeHead(200, 'Fine', html).end('done'),
  'write-head-status-only': (res) => res.writeHead(200).end('done'),
  'write-head-array': (res) => res.writeHead(200, ['Content-Type', 'text/html', 'Set-Cookie', 'own=1']).end('done'),
  'write-head-pairs': (res) => res.writeHead(200, [['Content-Type', 'text/html']] as never).end('done'),
  'write-head-cookie': (res) => res.writeHead(200, { 'Set-Cookie': ['own=1', 'other=2'] }).end('done'),
  'flush-headers': (res) => {
    res.flushHeaders()
    res.end('done')
  },
  pipe: (res) => Readable.from(['do', 'ne']).pipe(res),
  pipeline: (res) => pipeline(Readable.from(['do', 'ne']), res),
  redirect: (res) => res.writeHead(302, { Location: '/' }).end(),
  'not-modified': (res) => res.writeHead(304).end(),
}

const withHeaders: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> = {
  'vary-own': { Vary: 'Accept-Encoding', 'Cache-Control': 'public, max-age=60' },
  'vary-list': { Vary: ['Accept', 'Origin'] },
  'vary-cookie': { Vary: 'origin, COOKIE' },
  'vary-star': { Vary: '*' },
  'vary-cookies': { Vary: 'X-Cookie, Cookies' },
}

const layers = [
  ...Object.entries(ways).map(([name, answer]) => get(`/${name}`, (_req, res) => answer(res))),
  ...Object.entries(withHeaders).map(([name, headers]) =>
    get(`/${name}`, (_req, res) => {
      for (const [header, value] of Object.entries(headers)) res.setHeader(header, value)
      res.end('done')
    }),
  ),
]

const stepSeconds = 60
const session = { idleSeconds: 600, absoluteSeconds: 86_400, rollingStepSeconds: stepSeconds }

describe.each(hosts)('the session cookie on $name', (host) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ host, layers, oidc: { session } })
    await world.signIn()
    world.clock.stop()
  })
  afterAll(() => world.close())

  const issued = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith(`${world.cookie()}=`))

  test.each(Object.keys(ways))('survives %s', async (way) => {
    world.clock.advance(stepSeconds)
    const answer = await world.browser.fetch(world.url(`/${way}`))
    const [line = ''] = issued(answer.setCookies)
    expect(issued(answer.setCookies)).toHaveLength(1)
    expect(line).toMatch(/; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', vary: expect.stringMatching(/\bCookie\b/) })
    expect(answer.text).toBe(answer.status === 200 ? 'done' : '')
    const own = way === 'write-head-array' ? ['own=1'] : way === 'write-head-cookie' ? ['own=1', 'other=2'] : []
    expect(answer.setCookies.filter((other) => other !== line)).toEqual(own)
    expect(world.host.journal.errors).toEqual([])
  })

  test('is issued anew once per step, and otherwise not at all', async () => {
    world.clock.advance(stepSeconds)
    const answers = [await world.browser.fetch(world.url('/end')), await world.browser.fetch(world.url('/end'))]
    world.clock.advance(stepSeconds / 2)
    answers.push(await world.browser.fetch(world.url('/end')))
    world.clock.advance(stepSeconds / 2)
    answers.push(await world.browser.fetch(world.url('/end')))
    expect(answers.map(({ setCookies }) => setCookies.length)).toEqual([1, 0, 0, 1])
    expect(answers.map(({ headers }) => headers['cache-control'])).toEqual([
      'no-store',
      undefined,
      undefined,
      'no-store',
    ])
    expect(answers.map(({ headers }) => headers['vary'])).toEqual(['Cookie', undefined, undefined, 'Cookie'])
  })

  test.each([
    ['vary-own', 'Accept-Encoding, Cookie'],
    ['vary-list', 'Accept, Origin, Cookie'],
    ['vary-cookie', 'origin, COOKIE'],
    ['vary-star', '*'],
    ['vary-cookies', 'X-Cookie, Cookies, Cookie'],
  ])("keeps the application's own Vary: %s", async (path, expected) => {
    world.clock.advance(stepSeconds)
    const { headers } = await world.browser.fetch(world.url(`/${path}`))
    expect(String(headers['vary']).replaceAll(/,\s*/g, ', ')).toBe(expected)
    expect(headers['cache-control']).toBe('no-store')
    const calm = await world.browser.fetch(world.url('/vary-own'))
    expect(calm.headers).toMatchObject({ vary: 'Accept-Encoding', 'cache-control': 'public, max-age=60' })
  })
})

describe('a response to an anonymous request', () => {
  test('has no cookie, no Vary and no Cache-Control of ours', async () => {
    const world = await startWorld({ layers })
    const { headers, setCookies } = await world.browser.fetch(world.url('/end'))
    expect([setCookies, headers['vary'], headers['cache-control']]).toEqual([[], undefined, undefined])
    await world.close()
  })
})
