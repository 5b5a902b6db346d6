import { beforeEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import * as library from '../../lib/index.js'
import { signedIn, testProvider } from '../../lib/testing/index.js'
import { FakeStore } from '../kit/stores/memory.js'
import { runSnippet } from '../snippets/run.js'

const page = 'docs/sessions-list.md'

let app: express.Express
let auth: library.OidcMiddleware

async function run(words: string): Promise<void> {
  const provider = await testProvider()
  app = express()
  const oidc = (options: library.OidcOptions) => (auth = library.oidc(options))
  const sharedStore = new FakeStore({ now: () => provider.now() * 1000 })
  await runSnippet(page, words, {
    modules: { 'express-oidc': { ...library, oidc } },
    globals: { app, options: provider.options.oidc, sharedStore },
  })
}

const list = async (cookie: string, path: string) =>
  (await request(app).get(path).set('cookie', cookie)).body as readonly { id: string; isCurrent: boolean }[]

describe('the snippets about who is signed in where', () => {
  let alice: string
  let elsewhere: string

  async function enter(roles: readonly string[] = []): Promise<void> {
    alice = await signedIn(auth, { sub: 'alice', roles })
    elsewhere = await signedIn(auth, { sub: 'alice' })
  }

  describe('of a page of devices', () => {
    beforeEach(async () => {
      await run("'/devices'")
      await enter()
    })

    test('list the sessions, and end one of them', async () => {
      const other = (await list(alice, '/devices')).find(({ isCurrent }) => !isCurrent)
      const end = await request(app).post(`/devices/${other?.id}/end`).set('cookie', alice).set('x-csrf', '1')
      expect([end.status, end.headers['location']]).toEqual([303, '/devices'])
      expect((await list(alice, '/devices')).map(({ isCurrent }) => isCurrent)).toEqual([true])
      expect((await request(app).get('/devices').set('cookie', elsewhere)).status).toBe(401)
    })

    test('refuse a form of another site', async () => {
      const [device] = await list(alice, '/devices')
      const end = request(app).post(`/devices/${device?.id}/end`).set('cookie', alice)
      expect((await end.set('sec-fetch-site', 'cross-site')).status).toBe(403)
      expect(await list(alice, '/devices')).toHaveLength(2)
    })
  })

  describe('for those who administrate', () => {
    beforeEach(() => run("role('support')"))

    test('list the sessions of a person, and end one of them', async () => {
      await enter(['support'])
      const [device] = await list(alice, '/people/alice/sessions')
      const end = () => request(app).delete(`/people/alice/sessions/${device?.id}`).set('cookie', alice)
      const support = await signedIn(auth, { sub: 'bob', roles: ['support'] })
      expect((await end().set('cookie', support)).status).toBe(204)
      expect((await end().set('cookie', support)).status).toBe(404)
      expect(await list(support, '/people/alice/sessions')).toHaveLength(1)
    })

    test('let nobody else in', async () => {
      await enter()
      expect((await request(app).get('/people/alice/sessions').set('cookie', alice)).status).toBe(403)
    })
  })
})
