import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ServerResponse } from 'node:http'
import { bearer, claim, requireAuth } from '../../../lib/index.js'
import type { TestProvider } from '../../../lib/testing/index.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Layer } from '../../hosts/layers.js'
import { startTestedApp, type TestedApp } from '../../kit/world/tested-app.js'
import { get, guarded } from '../../kit/world/applications.js'

const say = (path: string, write: (res: ServerResponse) => unknown): Layer => {
  const { method, handlers } = get(path, (_req, res) => write(res))
  return { method, path, handlers: [requireAuth(), ...handlers] }
}
const layers = ({ options }: TestProvider): readonly Layer[] => [
  guarded('/plain', requireAuth()),
  guarded('/not-allowed', requireAuth(claim('dept', 'none'))),
  get('/open', (_req, res) => res.end('for all')),
  say('/streamed', (res) => {
    res.write('a')
    res.end('b')
  }),
  say('/written', (res) => res.writeHead(200, { 'content-type': 'text/plain' }).end()),
  say('/not-modified', (res) => res.writeHead(304, { ETag: '"1"' }).end()),
  say('/own-late', (res) => res.writeHead(200, { 'cache-control': 'private, max-age=60' }).end()),
  say('/own-list', (res) => res.writeHead(200, ['Cache-Control', 'private, max-age=60']).end()),
  say('/own-early', (res) => {
    res.setHeader('Cache-Control', 'private, max-age=60')
    res.end()
  }),
  { mount: '/api', handlers: [bearer(options.bearer), requireAuth(), (_req, res) => res.end('by token')] },
]

describe.each(hosts)('a page behind a guard on $name', (host) => {
  let world: TestedApp
  beforeAll(async () => {
    world = await startTestedApp({ host, layers })
    await world.enter()
  })
  afterAll(() => world.close())
  const cacheControl = async (path: string): Promise<readonly unknown[]> => {
    const { status, headers } = await world.browser.navigate(world.url(path))
    return [status, headers['cache-control']]
  }

  test.each(['/plain', '/streamed', '/written'])('is not stored, so that Back shows nothing: %s', async (path) => {
    expect(await cacheControl(path)).toEqual([200, 'no-store'])
  })

  test('is not stored where it has not changed, or may not be seen by this person', async () => {
    expect(await cacheControl('/not-modified')).toEqual([304, 'no-store'])
    expect(await cacheControl('/not-allowed')).toEqual([403, 'no-store'])
  })

  test.each(['/own-late', '/own-list', '/own-early'])(
    'is stored where the application says so, whenever it does: %s',
    async (path) => {
      expect(await cacheControl(path)).toEqual([200, 'private, max-age=60'])
    },
  )

  test('is left alone without a guard, and where an access token was used', async () => {
    expect(await cacheControl('/open')).toEqual([200, undefined])
    const headers = { authorization: `Bearer ${world.provider.accessToken()}` }
    const answer = await new Browser().request('none', world.url('/api'), { headers })
    expect([answer.status, answer.text, answer.headers['cache-control']]).toEqual([200, 'by token', undefined])
  })
})
