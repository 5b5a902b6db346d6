import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { answerBrowsers } from '../../lib/cli/browser-endpoints.js'
import { readOptions } from '../../lib/testing/options.js'
import { ProviderServer } from '../../lib/testing/provider/provider.js'
import { newState } from '../../lib/testing/provider/state.js'
import { listen } from '../kit/listen.js'

let origin: string
let close: () => Promise<void>

beforeAll(async () => {
  const server = createServer()
  const listening = await listen(server)
  ;({ origin, close } = listening)
  const state = newState(readOptions({ issuer: origin }, true))
  server.on('request', answerBrowsers(state, new ProviderServer(state)))
})
afterAll(() => close())

const asked = new URLSearchParams({
  client_id: 'app',
  redirect_uri: 'http://localhost:3000/callback?from=here',
  response_type: 'code',
  code_challenge: 'x',
  code_challenge_method: 'S256',
}).toString()

const post = (body: URLSearchParams, headers: Record<string, string> = {}) =>
  fetch(`${origin}/authorize`, { method: 'POST', body, headers, redirect: 'manual' })

/** A request with headers that fetch() does not set. */
function raw(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, { headers }, (res) => resolve(res.resume().statusCode ?? 0))
    sent.on('error', reject).end()
  })
}

describe('a form about who signs in', () => {
  const chosen = () => new URLSearchParams({ request: asked, user: 'alice' })

  test('leads back with a code, beside the query that is there', async () => {
    const response = await post(chosen(), { origin })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toMatch(/^http:\/\/localhost:3000\/callback\?from=here&code=/)
  })

  test('leads back with access_denied without a person', async () => {
    const response = await post(new URLSearchParams({ request: asked }))
    expect(response.headers.get('location')).toContain('error=access_denied')
  })

  test.each(['https://evil.test', 'http://localhost:1'])('is refused from %s', async (elsewhere) => {
    expect((await post(chosen(), { origin: elsewhere })).status).toBe(403)
  })

  test('is refused if it is too large', async () => {
    const response = await post(new URLSearchParams({ request: 'x'.repeat(70_000) }))
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('too large')])
  })
})

test('an authorization request may be posted', async () => {
  const response = await post(new URLSearchParams(asked))
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
})

test('a response_mode of form_post is a page that posts the answer', async () => {
  const response = await post(new URLSearchParams({ request: `${asked}&response_mode=form_post`, user: 'alice' }))
  expect([response.status, response.headers.get('location')]).toEqual([200, null])
  expect(await response.text()).toMatch(
    /<form method="post" action="http:\/\/localhost:3000\/callback\?from=here">.*name="code" value="[^"]+"/,
  )
})

test('nobody is signed in without a page', async () => {
  const response = await fetch(`${origin}/authorize?${asked}&prompt=none`, { redirect: 'manual' })
  expect(response.headers.get('location')).toContain('error=login_required')
})

test('a logout may be posted, and shows a page where it leads nowhere', async () => {
  expect((await fetch(`${origin}/end-session`, { method: 'POST', body: new URLSearchParams() })).status).toBe(200)
  expect((await fetch(`${origin}/end-session`)).status).toBe(200)
})

test.each(['evil.test', 'evil.test:80'])('a request for the host "%s" is refused', async (host) => {
  expect(await raw('/authorize', { host })).toBe(403)
})

test('a request without a host is refused', async () => {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.end('GET /authorize HTTP/1.0\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 /)
})

test('a request that cannot be read is refused', async () => {
  expect((await fetch(`${origin}/authorize?client_id=app`)).status).toBe(400)
})

test('a request for what is not a URL is refused, without the message of Node.js', async () => {
  const response = await fetch(`${origin}//`)
  expect(response.status).toBe(400)
  const page = await response.text()
  expect(page).toContain('This request cannot be read.')
  expect(page).not.toMatch(/invalid url/i)
})

test('an address where nothing is, says so', async () => {
  const response = await fetch(`${origin}/login`)
  expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('nothing at this address')])
})
