import { afterEach, describe, expect, jest, test } from '@jest/globals'
import connect from 'connect'
import express from 'express'
import express4 from 'express4'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import {
  AccessError,
  BearerError,
  ConfigurationError,
  errorPages,
  type PageOptions,
  requireAuth,
} from '../../lib/index.js'
import type { Answer } from '../hosts/client.js'
import { Browser } from '../hosts/client.js'
import { type Host, hosts } from '../hosts/hosts.js'
import type { Handler, Layer } from '../hosts/layers.js'
import { type AppRequest, json } from '../kit/app.js'
import { listen } from '../kit/listen.js'
import { codeOf } from '../kit/world/steps.js'
import { startTestedApp, type TestedApp, type TestedAppOptions } from '../kit/world/tested-app.js'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

const titleOf = ({ text }: Answer): string | undefined => /<title>(.*)<\/title>/.exec(text)?.[1]

/** Handlers that throw what this package throws, and what it does not. */
function throwing(options?: Parameters<typeof errorPages>[0]): readonly Layer[] {
  const answerError = errorPages(options)
  const layer = (
    path: string,
    guards: readonly unknown[],
    work: (req: AppRequest) => unknown,
    method = 'GET',
  ): Layer => {
    const handler: Handler = (req, res, next) => {
      Promise.resolve()
        .then(() => work(req as AppRequest))
        .then(
          () => json(res, {}),
          (error: unknown) => answerError(error, req, res, next),
        )
    }
    return { method, path, handlers: [...(guards as Handler[]), handler] }
  }
  return [
    layer('/orders', [requireAuth()], ({ oidc }) => oidc.accessToken()),
    layer('/orders', [requireAuth()], ({ oidc }) => oidc.accessToken(), 'POST'),
    layer('/broken', [], () => Promise.reject(new Error('broken'))),
    layer('/text', [], () => Promise.reject('text')),
    layer('/refused', [], () => Promise.reject(new AccessError('not_allowed', 'not for you'))),
  ]
}

async function start(
  options: TestedAppOptions & { readonly own?: Parameters<typeof errorPages>[0] } = {},
): Promise<TestedApp> {
  const { own, ...others } = options
  const world = await startTestedApp({ ...others, layers: throwing(own) })
  endings.push(() => world.close())
  return world
}

/** Signs in, after which the provider ends the login. */
async function ended(world: TestedApp): Promise<Browser> {
  const browser = await world.enter()
  world.provider.revokeRefresh('alice')
  world.provider.advance(301)
  return browser
}

describe.each(hosts)('errorPages() on $name', (host: Host) => {
  test('sends a browser on a page to the login, where the login has ended, and tells a program where that is', async () => {
    const world = await start({ host })
    const browser = await ended(world)
    const data = await browser.fetch(world.url('/orders'))
    expect([data.status, data.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'session_expired', login_url: expect.stringContaining(world.url('/login')) }),
    ])
    const again = await ended(world)
    const away = await again.navigate(world.url('/orders'))
    expect([away.status, away.location]).toEqual([302, expect.stringContaining(world.provider.issuer)])
  })

  test('shows a page where a form was sent, which would be lost on the way to the login', async () => {
    const world = await start({ host })
    const browser = await ended(world)
    const answer = await browser.navigate(world.url('/orders'), { method: 'POST', site: 'same-origin' })
    expect([answer.status, titleOf(answer)]).toEqual([401, 'Please sign in'])
  })

  test('shows a page about an outage, and problem+json to a program', async () => {
    const world = await start({ host })
    const browser = await world.enter()
    world.provider.down()
    world.provider.advance(301)
    const page = await browser.navigate(world.url('/orders'))
    expect([page.status, titleOf(page), Number(page.headers['retry-after']) > 0]).toEqual([
      ...[503, 'Not possible at the moment', true],
    ])
    expect(page.text).toContain('>Home</a>')
    const data = await browser.fetch(world.url('/orders'))
    expect([data.status, data.headers['content-type']]).toEqual([503, 'application/problem+json'])
  })

  test('passes on what is not of this package, as it is', async () => {
    const world = await start({ host })
    await world.browser.navigate(world.url('/broken'))
    await world.browser.navigate(world.url('/text'))
    expect(world.host.journal.errors).toEqual([new Error('broken'), 'text'])
  })
})

describe('errorPages()', () => {
  test('has the texts of oidc(), or its own', async () => {
    const pages = { language: 'de', texts: { notAllowedTitle: 'Kein Zugang' } }
    const first = await start({ oidc: { pages } })
    expect(titleOf(await first.browser.navigate(first.url('/refused')))).toBe('Kein Zugang')
    const second = await start({ oidc: { pages }, own: { texts: { notAllowedTitle: 'Pas d’accès' } } })
    expect(titleOf(await second.browser.navigate(second.url('/refused')))).toBe('Pas d’accès')
  })

  test('has the texts of a function of the request, and reports what that throws', async () => {
    const languages: Readonly<Record<string, PageOptions>> = {
      de: { language: 'de', texts: { notAllowedTitle: 'Kein Zugang' } },
      wrong: { texts: { notAllowedTitel: 'x' } } as PageOptions,
    }
    const pages = ({ headers }: { readonly headers: Record<string, unknown> }) =>
      languages[String(headers['x-lang'])] ?? {}
    for (const options of [{ oidc: { pages } }, { own: pages }] as const) {
      const world = await start(options)
      const visit = (lang: string) => world.browser.navigate(world.url('/refused'), { headers: { 'x-lang': lang } })
      expect([titleOf(await visit('de')), titleOf(await visit('en'))]).toEqual(['Kein Zugang', 'You have no access'])
      expect((await visit('wrong')).status).toBe(500)
      expect(String(world.host.journal.errors.at(-1))).toContain('did you mean "notAllowedTitle"?')
    }
  })

  test('refuses invalid options when it is created', () => {
    expect(() => errorPages({ language: 'x_y' })).toThrow(ConfigurationError)
  })
})

describe('errorPages() without oidc()', () => {
  const thrown = new BearerError('insufficient_scope', 'the token has not enough', {
    headers: { 'WWW-Authenticate': 'Bearer scope="a"' },
  })
  const mistake = new ConfigurationError('invalid_options', 'mount it over there')
  const failing = (error: unknown) => () => {
    throw error
  }

  async function visit(listener: RequestListener, kind: 'navigate' | 'fetch'): Promise<Answer> {
    const { origin, close } = await listen(createServer(listener))
    endings.push(close)
    return new Browser().request(kind, origin)
  }

  test.each([
    ['Express 5', () => express().use(failing(thrown)).use(errorPages())],
    ['Express 4', () => express4().use(failing(thrown)).use(errorPages())],
    ['Connect', () => connect().use(failing(thrown)).use(errorPages())],
    ['node:http', (): RequestListener => (req, res) => errorPages()(thrown, req, res)],
  ])('is error middleware of %s', async (_name, app) => {
    const page = await visit(app(), 'navigate')
    expect([page.status, titleOf(page), page.text.includes('<a ')]).toEqual([403, 'You have no access', false])
    const data = await visit(app(), 'fetch')
    expect([data.status, codeOf(data), data.headers['www-authenticate']]).toEqual([
      ...[403, 'insufficient_scope', 'Bearer scope="a"'],
    ])
  })

  test.each([
    ['Express 5', () => express()],
    ['Express 4', () => express4()],
    ['Connect', () => connect()],
  ])('leaves mistakes in the set-up to the next error handler of %s', async (_name, create) => {
    const seen: unknown[] = []
    const app = create()
      .use(failing(mistake))
      .use(errorPages())
      .use((error: unknown, _req: unknown, res: ServerResponse, _next: unknown) => {
        seen.push(error)
        res.end('mine')
      })
    expect([(await visit(app, 'navigate')).text, (await visit(app, 'fetch')).text]).toEqual(['mine', 'mine'])
    expect(seen).toEqual([mistake, mistake])
  })

  test('reports mistakes in the set-up as a warning where there is no next error handler, and says nothing of them in the page', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    endings.push(() => warn.mockRestore())
    const page = await visit((req, res) => errorPages()(mistake, req, res), 'navigate')
    expect([page.status, titleOf(page), page.text.includes('over there')]).toEqual([500, 'That did not work', false])
    expect(warn.mock.calls).toEqual([['mount it over there', { type: 'ConfigurationError', code: 'invalid_options' }]])
  })

  test('answers any other error with 500 and nothing about it, where there is no next error handler', async () => {
    const page = await visit((req, res) => errorPages()(new Error('a secret'), req, res), 'navigate')
    expect([page.status, page.text]).toEqual([500, ''])
  })

  test('breaks off a response that has begun, where there is no next error handler', async () => {
    const visited = visit((req, res) => {
      res.write('[')
      errorPages()(thrown, req, res)
    }, 'fetch')
    await expect(visited).rejects.toThrow()
  })
})
