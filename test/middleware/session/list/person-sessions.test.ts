import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from '@jest/globals'
import { auditChannel } from '../../../../lib/base/audit/audit.js'
import { type OidcOptions, oidc } from '../../../../lib/index.js'
import { signedIn } from '../../../../lib/testing/index.js'
import { Browser } from '../../../hosts/client.js'
import { Clock } from '../../../kit/clock.js'
import { FakeStore } from '../../../kit/stores/memory.js'
import { until } from '../../../kit/until.js'
import { type SeveralWorld, type SeveralWorldOptions, startSeveral } from '../../../kit/world/several.js'
import { secret, startWorld, type World } from '../../../kit/world/world.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function start(options: Partial<OidcOptions> = {}): Promise<World> {
  const world = await startWorld({ oidc: { sharedStore: new FakeStore(Clock.real()), ...options } })
  cleanUp.push(() => world.close())
  return world
}

async function startTwo(oidcOptions: SeveralWorldOptions['oidc']): Promise<SeveralWorld> {
  const world = await startSeveral(oidcOptions === undefined ? {} : { oidc: oidcOptions })
  cleanUp.push(() => world.close())
  return world
}

const anyRequest = () => new IncomingMessage(new Socket())

describe('the sessions of a person', () => {
  test('end at once for live connections of this process', async () => {
    const world = await start()
    await world.signIn()
    const cookie = world.browser.cookies
      .cookiesFor(world.url(''))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
    const req = anyRequest()
    Object.assign(req.headers, { cookie })
    const connection = await world.app.authenticate(req)
    const signal = connection?.signal
    const [{ id } = { id: '' }] = await world.app.sessions.list('alice')
    await world.app.sessions.end('alice', id)
    expect([signal?.aborted, signal?.reason.code]).toEqual([true, 'session_missing'])
  })

  test('end for live connections of other processes, which ask every few seconds', async () => {
    const sharedStore = new FakeStore(Clock.real())
    const one = await start({ sharedStore })
    const { issuer } = one.provider
    const two = await start({ sharedStore, issuer, baseUrl: one.url('') })
    await one.signIn()
    const req = anyRequest()
    const cookies = one.browser.cookies.cookiesFor(one.url(''))
    Object.assign(req.headers, { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') })
    const connection = await two.app.authenticate(req)
    const signal = connection?.signal
    const [{ id } = { id: '' }] = await one.app.sessions.list('alice')
    await one.app.sessions.end('alice', id)
    await until(() => signal?.aborted === true)
    expect(signal?.reason.code).toBe('session_missing')
  })

  test('are told to the audit stream when they end, without their id', async () => {
    const world = await start()
    await world.signIn()
    const events: unknown[] = []
    const listener = (event: unknown): unknown => events.push(event)
    subscribe(auditChannel, listener)
    cleanUp.push(() => unsubscribe(auditChannel, listener))
    const [{ id } = { id: '' }] = await world.app.sessions.list('alice')
    await world.app.sessions.end('alice', 'unknown')
    await world.app.sessions.end('alice', id)
    expect(events).toMatchObject([
      { name: 'logout', via: 'session_list', subject: 'alice', issuer: world.provider.issuer },
    ])
    expect(JSON.stringify(events)).not.toContain(id)
  })

  test.each([
    [undefined, 'nothing'],
    ['', 'an empty text'],
    [7, '7'],
    [{}, 'an object'],
  ])('need a subject, and not %p', async (subject, given) => {
    const world = await start()
    await expect(world.app.sessions.list(subject as never)).rejects.toMatchObject({
      code: 'invalid_options',
      message: `sessions.list() takes the "sub" of a person (given: ${given})`,
    })
  })

  test('need a shared store', async () => {
    const world = await start({ sharedStore: undefined })
    await expect(world.app.sessions.end('alice', 'x')).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/^sessions\.end\(\) needs a store/),
    })
  })

  test('of one provider need no provider and no issuer, but may name the issuer', async () => {
    const world = await start()
    await world.signIn()
    const { issuer } = world.provider
    expect(await world.app.sessions.list('alice', { issuer })).toHaveLength(1)
    for (const [options, why] of [
      [{ provider: 'work' }, 'leave out { provider }'],
      [{ issuer: 'https://elsewhere.example.com' }, `must be that of oidc(), which is "${issuer}"`],
    ] as const) {
      await expect(world.app.sessions.list('alice', options)).rejects.toMatchObject({
        code: 'invalid_options',
        message: expect.stringContaining(why),
      })
    }
  })
})

describe('the sessions of people at several providers', () => {
  const sharedStore = () => new FakeStore(Clock.real())

  test('SR09: are those of another person where the provider is another one', async () => {
    const world = await startTwo(() => ({ sharedStore: sharedStore() }))
    const [atGoogle, atWork] = [new Browser(), new Browser()]
    await world.signIn('google', atGoogle)
    await world.signIn('work', atWork)
    const { sessions } = world.app
    const [google, work] = await Promise.all(['google', 'work'].map((provider) => sessions.list('alice', { provider })))
    expect([google?.length, work?.length]).toEqual([1, 1])
    const [{ id } = { id: '' }] = google ?? []
    expect(await sessions.end('alice', id, { provider: 'work' })).toBe(false)
    expect(await sessions.end('alice', id, { provider: 'google' })).toBe(true)
    expect([await world.who(atGoogle), await world.who(atWork)]).toMatchObject([null, { sub: 'alice' }])
  })

  test('need the name of one of them', async () => {
    const world = await startTwo(() => ({ sharedStore: sharedStore() }))
    const { sessions } = world.app
    await expect(sessions.list('alice')).rejects.toMatchObject({
      code: 'invalid_options',
      message: 'sessions.list() needs { provider }, since oidc() has several, which is one of google, work',
    })
    await expect(sessions.list('alice', { provider: 'home' })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('has the name "home", which is one of google, work'),
    })
  })

  test('need the request where a function finds providers', async () => {
    const world = await startTwo((options) => ({
      sharedStore: sharedStore(),
      providers: (name) => new Map(Object.entries(options)).get(name),
      allowPrivateAddresses: true,
    }))
    await world.signIn('work')
    const { sessions } = world.app
    const provider = 'work'
    expect(await sessions.list('alice', { provider, req: anyRequest() })).toHaveLength(1)
    await expect(sessions.list('alice', { provider })).rejects.toMatchObject({
      code: 'invalid_options',
      message: 'sessions.list() needs { req }, for the function "providers"',
    })
    await expect(sessions.list('alice', { provider: 'home', req: anyRequest() })).rejects.toMatchObject({
      code: 'invalid_options',
      message: 'sessions.list(): no provider of oidc({ providers }) has the name "home"',
    })
  })
})

describe('the sessions of people of several tenants', () => {
  const template = 'https://login.example.com/{tenantid}/v2.0'
  const issuerOf = (tenant: string): string => template.replace('{tenantid}', tenant)
  const auth = () =>
    oidc({
      issuer: template,
      tenants: ['one', 'two'],
      discoveryUrl: 'https://login.example.com/discovery',
      clientId: 'web',
      clientSecret: 'a client secret of some length',
      baseUrl: 'http://127.0.0.1:1',
      dangerouslyAllowHttp: true,
      secret,
      sharedStore: new FakeStore(Clock.real()),
    })

  test('SR09: are those of another person where the tenant is another one', async () => {
    const one = auth()
    await signedIn(one, { sub: 'alice', iss: issuerOf('one') })
    const [of, elsewhere] = [{ issuer: issuerOf('one') }, { issuer: issuerOf('two') }]
    const [{ id } = { id: '' }] = await one.sessions.list('alice', of)
    expect(await one.sessions.list('alice', elsewhere)).toEqual([])
    expect(await one.sessions.end('alice', id, elsewhere)).toBe(false)
    expect(await one.sessions.end('alice', id, of)).toBe(true)
  })

  test('need the issuer of the tenant', async () => {
    const one = auth()
    for (const options of [{}, { issuer: template }, { issuer: 'https://elsewhere.example.com' }]) {
      await expect(one.sessions.list('alice', options)).rejects.toMatchObject({
        code: 'invalid_options',
        message: expect.stringContaining("needs { issuer } of the person's tenant"),
      })
    }
  })
})
