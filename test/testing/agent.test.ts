import { expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import { oidc, requireAuth } from '../../lib/index.js'
import { type AppUnderTest, testProvider } from '../../lib/testing/index.js'

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
