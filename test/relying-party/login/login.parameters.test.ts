import { afterEach, describe, expect, test } from '@jest/globals'
import { type LoginOptions, maxAge, requireAuth } from '../../../lib/index.js'
import { get, guarded } from '../../kit/world/applications.js'
import { codeOf, comeBack, toCallback } from '../../kit/world/steps.js'
import { pastDeadline } from '../../kit/timers.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

let world: World
afterEach(() => world.close())

const layers = [
  guarded('/recent', requireAuth(maxAge(600))),
  get('/start', ({ oidc }) => oidc.login({ authorizationParams: { display: 'popup' } })),
]
type Params = NonNullable<WorldOptions['oidc']>['authorizationParams']
const start = async (authorizationParams: Params) => {
  world = await startWorld({ layers, oidc: { authorizationParams } })
}
const begin = async (path = '/login', headers = {}) => {
  const answer = await world.browser.navigate(world.url(path), { headers })
  return Object.fromEntries(new URL(answer.location ?? '').searchParams)
}

describe('authorizationParams as a function', () => {
  test('gets the request of the framework, and returns parameters of this login', async () => {
    await start((req) => {
      const { headers } = req as { headers: Record<string, string> }
      return { ui_locales: headers['accept-language'], display: undefined }
    })
    expect(await begin('/login', { 'accept-language': 'de' })).toMatchObject({ ui_locales: 'de' })
    expect(await begin('/login', { 'accept-language': 'fr' })).toMatchObject({ ui_locales: 'fr' })
    expect(await begin()).not.toHaveProperty('display')
  })

  test('may be asynchronous, counts for guards and login(), and gives way to the parameters of the call', async () => {
    await start(async () => ({ ui_locales: 'de', display: 'page' }))
    expect(await begin('/private')).toMatchObject({ ui_locales: 'de', display: 'page' })
    expect(await begin('/start')).toMatchObject({ ui_locales: 'de', display: 'popup' })
  })

  test.each([
    [{ state: 'x' }, 'cannot set state: this package does'],
    [{ redirect_uri: 'https://evil.example' }, 'cannot set redirect_uri: this package does'],
    [{ response_mode: 'form_post' }, 'must not set response_mode'],
    [{ max_age: 'an hour' }, 'max_age'],
    [{ acr_values: ' ' }, 'without a value: no login would meet it'],
    [{ organization: '' }, 'without a value: no login would meet it'],
    [{ ui_locales: 5 }, 'must be a string'],
    ['ui_locales=de', 'must be an object of strings'],
  ])('is told what is wrong with %j', async (returned, message) => {
    await start((() => returned) as unknown as Params)
    const answer = await world.browser.fetch(world.url('/start'))
    expect([answer.status, codeOf(answer)]).toEqual([500, 'invalid_options'])
    expect(answer.text).toContain(message)
  })

  test('may return nothing', async () => {
    await start(() => undefined)
    expect(await begin()).toMatchObject({ client_id: 'web' })
  })

  test('hands its own error to the error handlers', async () => {
    await start(() => {
      throw new Error('no tenant')
    })
    const answer = await world.browser.navigate(world.url('/login'))
    expect([answer.status, answer.location]).toEqual([500, undefined])
  })

  test('hands the error of its promise to the error handlers too', async () => {
    await start(() => Promise.reject(new Error('no tenant')))
    const answer = await world.browser.navigate(world.url('/login'))
    expect([answer.status, answer.location, answer.text.includes('"code"')]).toEqual([500, undefined, false])
  })
})

describe('authorizationParams as a function that does not return', () => {
  const httpTimeoutSeconds = 30

  /** What a browser gets at a path, once the deadline of the function has passed. */
  async function lateAt(path: string, options: WorldOptions['oidc'] = {}) {
    let isCalled = false
    const authorizationParams = () => {
      isCalled = true
      return new Promise<undefined>(() => undefined)
    }
    world = await startWorld({ layers, oidc: { ...options, httpTimeoutSeconds, authorizationParams } })
    const load = () => world.browser.navigate(world.url(path), { site: 'cross-site' })
    return pastDeadline(httpTimeoutSeconds, load, () => isCalled)
  }

  test.each(['/login', '/private', '/start'])('makes %s an outage', async (path) => {
    const answer = await lateAt(path)
    expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([503, 'provider_timeout', []])
    expect(answer.headers['retry-after']).toBe('5')
  })

  test('does not hold up public pages that try a silent login', async () => {
    const answer = await lateAt('/', { silentLogin: true })
    expect([answer.status, answer.text]).toEqual([200, 'home'])
  })
})

test.each<[string, string, Params]>([
  ['60', 'a stricter one of the options', { max_age: '60' }],
  ['60', 'a stricter one of the function', () => ({ max_age: '60' })],
  ['600', 'a weaker one of the options', { max_age: '3600' }],
  ['600', 'a weaker one of the function', () => ({ max_age: '3600' })],
  ['600', 'none', {}],
])('a guard for 600 seconds asks for max_age %s beside %s', async (expected, _what, params) => {
  await start(params)
  expect(await begin('/recent')).toMatchObject({ max_age: expected })
})

test.each<[string, LoginOptions]>([
  ['must not set response_mode', { authorizationParams: { response_mode: 'form_post' } }],
  ['without a value: no login would meet it', { authorizationParams: { acr_values: '' } }],
  ['without a value: no login would meet it', { authorizationParams: { organization: '' } }],
  ['acrValues must name a class', { acrValues: [] }],
  ['acrValues must name a class', { acrValues: [''] }],
])('a single login that could only fail is refused before it begins: %s', async (message, options) => {
  world = await startWorld({ layers: [get('/once', ({ oidc }) => oidc.login(options))] })
  const answer = await world.browser.fetch(world.url('/once'))
  expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([500, 'invalid_options', []])
  expect(answer.text).toContain(message)
})

test('a login whose returnTo is undefined comes back to the page where it began', async () => {
  const again = get('/again', ({ oidc }) => oidc.login({ returnTo: undefined, prompt: 'login' }))
  world = await startWorld({ layers: [again] })
  const answer = await comeBack(await toCallback(world, { login: '/again?x=1' }), world.browser)
  expect(answer.location).toBe(world.url('/again?x=1'))
})
