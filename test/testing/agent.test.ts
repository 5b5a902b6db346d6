import { expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import express from 'express'
import request from 'supertest'
import { oidc, requireAuth } from '../../lib/index.js'
import { type AppFetch, type AppUnderTest, type TestRequest, testProvider } from '../../lib/testing/index.js'
import { failureOf } from '../kit/failure.js'
import { listen } from '../kit/listen.js'

/** A provider, and an application of it at this base URL. */
async function started(baseUrl: string) {
  const provider = await testProvider({ baseUrl })
  const app = express().use(oidc(provider.options.oidc))
  app.get('/', requireAuth(), (_req, res) => void res.json('in'))
  return { provider, app }
}

test('an agent that speaks http is refused at an https base URL: it would never send the session’s cookie', async () => {
  const { provider, app } = await started('https://app.example.com')
  await expect(provider.signIn(request.agent(app), 'alice')).rejects.toThrow(/speaks http.*signIn\(request\(app\), …\)/)
  const { cookie } = await provider.signIn(request(app), 'alice')
  expect((await request(app).get('/').set('Cookie', cookie)).status).toBe(200)
})

test('what keeps cookies but does not say that it speaks http, is taken at its word', async () => {
  const { provider, app } = await started('https://app.example.com')
  const { get, post } = request(app)
  const agent = { jar: {}, get: (path: string) => hidden(get(path)), post: (path: string) => hidden(post(path)) }
  expect((await provider.signIn(agent, 'alice')).cookie).toMatch(/^__Host-/)
})

test('an https URL is refused: an application that listens is reached by http', async () => {
  const { provider } = await started('https://app.example.com')
  for (const app of ['https://localhost:3000', new URL('https://localhost:3000')]) {
    await expect(provider.signIn(app, 'alice')).rejects.toMatchObject({
      code: 'invalid_options',
      message: 'signIn() reaches applications by http, and not at https://localhost:3000',
    })
  }
})

test('an application that answers without cookies and redirects has signed nobody in, however it is reached', async () => {
  const { provider } = await started('http://localhost:3000')
  const { origin, close } = await listen(createServer((_req, res) => void res.writeHead(503).end('under repair')))
  const ways: AppUnderTest[] = [origin, async () => new Response('under repair', { status: 503 })]
  for (const app of ways) {
    await expect(provider.signIn(app, 'alice')).rejects.toMatchObject({
      code: 'login_refused',
      message: 'GET /login did not lead to the provider, but to an answer with status 503: under repair',
    })
  }
  await close()
})

test('with the fetch of Node, which says that no window asks, signIn() says what to give in its place', async () => {
  const { provider, app } = await started('http://localhost:3000')
  const { origin, close } = await listen(createServer(app))
  const byFetch: AppFetch = (url, init) => fetch(new URL(new URL(url).pathname, origin), init)
  const error = await failureOf(provider.signIn(byFetch, 'alice'))
  await close()
  expect(error).toMatchObject({
    message: expect.stringContaining(
      'status 401 (requests by fetch() of Node do not look like those of a browser window: give signIn() the URL',
    ),
  })
})

test('an agent whose responses have no text is taken too', async () => {
  const { provider } = await started('http://localhost:3000')
  const answered = Promise.resolve({ status: 204, headers: {} })
  const sent: TestRequest = Object.assign(answered, { set: () => sent, send: () => sent })
  await expect(provider.signIn({ get: () => sent, post: () => sent }, 'alice')).rejects.toThrow(
    /an answer with status 204: $/,
  )
})

test('a function like fetch gets the body of what is posted', async () => {
  const { provider } = await started('http://localhost:3000')
  const bodies: (string | undefined)[] = []
  const app: AppFetch = async (_url, { method, body }) => {
    bodies.push(`${method} ${body ?? 'nothing'}`)
    return new Response(null, { status: 200 })
  }
  const [status] = await provider.backchannelLogout('alice', { app })
  expect(status).toBe(200)
  expect(bodies).toEqual([expect.stringMatching(/^POST logout_token=[\w-]+\.[\w-]+\.[\w-]+$/)])
})

test.each([undefined, null, 7, {}, 'localhost:3000x', '/login', express()])(
  'the ways to an application are named where it is given %p',
  async (app) => {
    const { provider } = await started('http://localhost:3000')
    await expect(provider.signIn(app as AppUnderTest, 'alice')).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/takes request\(app\)|by http, and not at/),
    })
  },
)

function hidden(sent: request.Test): request.Test {
  return new Proxy(sent, {
    get(target, name) {
      if (name === 'url') return undefined
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, given)
        return result === target ? hidden(target) : result
      }
    },
  })
}
