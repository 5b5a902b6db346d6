import { beforeEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import * as library from '../../lib/index.js'
import { type TestProvider, testProvider } from '../../lib/testing/index.js'
import { DeviceBrowser } from '../kit/devices/device-browser.js'
import { runSnippet } from '../snippets/run.js'

let provider: TestProvider
let app: express.Express
beforeEach(async () => {
  provider = await testProvider()
  app = express()
})

const run = (words: string) =>
  runSnippet('docs/device-bound-sessions.md', words, {
    modules: { 'express-oidc': { ...library, optionsFromEnv: () => provider.options.oidc } },
    globals: { app, oidc: library.oidc, options: provider.options.oidc },
  })

async function enter(): Promise<DeviceBrowser> {
  app.get(['/', '/admin'], (req, res) => void res.json(req.auth?.isDeviceBound ?? null))
  app.use(library.errorPages())
  const browser = new DeviceBrowser({ app, now: () => provider.now() })
  await provider.signIn(browser.fetch, 'alice')
  return browser
}

describe('the snippets about device-bound sessions', () => {
  test('bind the session of a browser that can, and have a page that needs it', async () => {
    await run('deviceBound: true')
    await run("'/admin'")
    const browser = await enter()
    expect((await browser.get('/admin')).body).toBe(true)
    const cookie = browser.cookie
    provider.advance(301)
    expect((await request(app).get('/admin').set('cookie', cookie)).status).toBe(401)
    expect((await browser.get('/admin')).status).toBe(200)
  })

  test('shorten the life of the bound cookie, and put the routes elsewhere', async () => {
    await run('cookieSeconds: 120')
    const browser = await enter()
    expect(browser.offer).toContain('path="/auth/bind"')
    expect((await browser.get('/')).body).toBe(true)
    expect(browser.bound?.refresh_url).toContain('/auth/prove')
    const cookie = browser.cookie
    provider.advance(121)
    expect((await request(app).get('/').set('cookie', cookie)).body).toBeNull()
    expect((await browser.get('/')).body).toBe(true)
  })
})
