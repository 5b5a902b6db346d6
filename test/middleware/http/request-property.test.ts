import { createServer, IncomingMessage, type ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import express4 from 'express4'
import request from 'supertest'
import { RequestMember } from '../../../lib/middleware/http/request-property.js'

type Seen = Record<string, unknown>
type Step = (req: IncomingMessage & { who?: unknown }, res: ServerResponse, next: () => void) => void

const whoOf = (req: object): unknown => Reflect.get(req, 'who')
const member = (): RequestMember => new RequestMember('who', (req) => `reader of ${String(req.url)}`)
const give =
  (who: RequestMember): Step =>
  (req, _res, next) => {
    who.giveTo(req)
    next()
  }

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('a request property under %s', (_name, create) => {
  // One copy of Express is for all tests: what one has put there must not pass for what the next one puts there.
  afterEach(() => void Reflect.deleteProperty(create.request, 'who'))

  /** What the last handler of an application sees, behind these steps. */
  async function seenBehind(...steps: readonly Step[]): Promise<Seen> {
    const app = create()
    for (const step of steps) app.use(step as unknown as express.RequestHandler)
    app.get('/x', (req, res) => {
      res.json({ who: whoOf(req), own: Object.hasOwn(req, 'who'), keys: Object.keys(req).includes('who') })
    })
    app.use(((error: Error, _req, res, _next) => {
      res.json({ error: error.message })
    }) as express.ErrorRequestHandler)
    return (await request(app).get('/x')).body as Seen
  }

  test('behaves like Express’s own properties, and is absent from requests that did not get it', async () => {
    expect(await seenBehind(give(member()))).toEqual({ who: 'reader of /x', own: false, keys: false })
    expect('who' in IncomingMessage.prototype).toBe(false)
  })

  test('replaces what the request had under that name', async () => {
    const before: Step = (req, _res, next) => {
      req.who = 'somebody else'
      next()
    }
    expect(await seenBehind(before, give(member()))).toMatchObject({ who: 'reader of /x' })
  })

  test('gives way to what the application puts there later', async () => {
    const after: Step = (req, _res, next) => {
      req.who = 'somebody else'
      next()
    }
    const who = member()
    expect(await seenBehind(give(who), after)).toMatchObject({ who: 'somebody else', keys: true })
    expect(await seenBehind(give(who))).toMatchObject({ who: 'reader of /x' })
  })

  test('does not affect what the application has defined for all its requests', async () => {
    const app = create()
    Object.defineProperty(app.request, 'who', { value: 'of the application', configurable: true })
    app.use(give(member()) as unknown as express.RequestHandler)
    app.get('/x', (req, res) => res.json({ who: whoOf(req) }))
    app.get('/plain', (_req, res) => res.json({ who: whoOf(app.request) }))
    expect((await request(app).get('/x')).body).toEqual({ who: 'reader of /x' })
    expect((await request(app).get('/plain')).body).toEqual({ who: 'of the application' })
  })

  test('is still there when a mounted application passes the request on', async () => {
    const who = member()
    const [outer, inner] = [create(), create()]
    inner.use(give(who) as unknown as express.RequestHandler)
    outer.use('/inner', inner)
    outer.use((req, res) => res.json({ who: whoOf(req) }))
    for (let round = 0; round < 2; round += 1) {
      expect((await request(outer).get('/inner/x')).body).toEqual({ who: 'reader of /inner/x' })
    }
  })

  test('is seen by an application that is called as a function, as by virtual hosts', async () => {
    const [outer, inner] = [create(), create()]
    inner.get('/x', (req, res) => res.json({ who: whoOf(req) }))
    outer.use(give(member()) as unknown as express.RequestHandler)
    outer.use((req, res, next) => inner(req, res, next))
    expect((await request(outer).get('/x')).body).toEqual({ who: 'reader of /x' })
  })

  test('is seen by an application that is mounted in one after another, and was used alone before', async () => {
    const inner = create()
    inner.use(give(member()) as unknown as express.RequestHandler)
    inner.get('/x', (req, res) => res.json({ who: whoOf(req) }))
    expect((await request(inner).get('/x')).body).toEqual({ who: 'reader of /x' })
    const outers = [create(), create()]
    for (const outer of outers) {
      outer.use('/inner', inner)
      outer.use((req, res) => res.json({ after: whoOf(req) }))
    }
    for (const outer of [...outers, ...outers]) {
      expect((await request(outer).get('/inner/x')).body).toEqual({ who: 'reader of /x' })
      expect((await request(outer).get('/inner/y')).body).toEqual({ after: 'reader of /inner/y' })
    }
  })

  test('overrides what an application defines for all its requests, before and after', async () => {
    const [outer, inner] = [create(), create()]
    Object.assign(inner.request, { who: 'of the inner application' })
    outer.use(give(member()) as unknown as express.RequestHandler)
    outer.get('/x', (req, res) => res.json({ who: whoOf(req) }))
    expect((await request(outer).get('/x')).body).toEqual({ who: 'reader of /x' })
    Object.assign(outer.request, { who: 'of the outer application' })
    expect((await request(outer).get('/x')).body).toEqual({ who: 'reader of /x' })
    inner.use(give(member()) as unknown as express.RequestHandler)
    inner.get('/x', (req, res) => res.json({ who: whoOf(req) }))
    expect((await request(create().use('/inner', inner)).get('/inner/x')).body).toEqual({ who: 'reader of /x' })
  })

  test('is seen through a derived request, and through a proxy', async () => {
    const seen: unknown[] = []
    const look: Step = (req, _res, next) => {
      seen.push(whoOf(Object.create(req) as object), whoOf(new Proxy(req, {})))
      next()
    }
    await seenBehind(give(member()), look)
    expect(seen).toEqual(['reader of /x', 'reader of /x'])
  })
})

test("a request with Node's own prototype gets the property itself, which is not enumerable", async () => {
  const server = createServer((req, res) => {
    member().giveTo(req)
    res.end(JSON.stringify({ who: whoOf(req), own: Object.hasOwn(req, 'who'), shown: inspect(req).includes('who:') }))
  })
  const { text } = await request(server).get('/x')
  expect(JSON.parse(text)).toEqual({ who: 'reader of /x', own: true, shown: false })
  expect('who' in IncomingMessage.prototype).toBe(false)
})

test.each([
  ['a plain object', () => ({ url: '/x' })],
  ['an object without prototype', () => Object.assign(Object.create(null) as object, { url: '/x' })],
  [
    'one whose prototype only looks like that of an application',
    () => Object.create({ app: { request: {} }, url: '/x' }),
  ],
])('%s gets the property itself', (_what, create) => {
  const req = create() as unknown as IncomingMessage
  member().giveTo(req)
  expect([whoOf(req), Object.hasOwn(req, 'who')]).toEqual(['reader of /x', true])
})
