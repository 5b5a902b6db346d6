import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { testProvider } from '../../../lib/testing/test-provider.js'
import { type RealProvider, startRealProvider, webClient } from '../../provider-real/provider.js'
import { plainError } from './plain-error.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { complaintsOf, diagnose, findingsOf, secret } from './diagnosis.js'

const baseUrl = 'http://127.0.0.1:9'
const web = webClient(baseUrl)
const several = webClient(baseUrl, {
  client_id: 'several',
  redirect_uris: [`${baseUrl}/callback/work`, `${baseUrl}/callback/home`],
})
let real: RealProvider

beforeAll(async () => {
  real = await startRealProvider({ clients: [web, several], overrides: { renderError: plainError } })
})

afterAll(() => real.close())

const good = () => ({ issuer: real.issuer, clientId: 'web', clientSecret: web.client_secret, baseUrl, secret })

describe('doctor', () => {
  test('complains of nothing at a provider that is set up well, and says what it has seen', async () => {
    const report = await diagnose({ oidc: good() })
    expect(complaintsOf(report)).toEqual([])
    const seen = findingsOf(report).filter(({ status }) => status === 'ok')
    expect(seen.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['issuer', 'clock', 'pkce', 'keys', 'client', 'redirect-uri', 'post-logout-redirect-uri']),
    )
  })

  test('signs nobody in, and asks for no token', async () => {
    const before = real.requests.length
    await diagnose({ oidc: good() })
    // The page of the test's provider confirms a logout by itself.
    const made = real.requests.slice(before).filter((request) => !request.endsWith('/confirm'))
    expect([...new Set(made)].sort()).toEqual([
      'GET /.well-known/openid-configuration',
      'GET /auth',
      'GET /jwks',
      'GET /session/end',
      'POST /token',
    ])
  })

  test('complains of nothing at the test provider', async () => {
    const { options } = await testProvider()
    expect(complaintsOf(await diagnose({ oidc: { ...options.oidc, secret }, bearer: options.bearer }))).toEqual([])
  })

  test('names the URLs to register, those of routes that are on', async () => {
    const oidc = { ...good(), baseUrl: `${baseUrl}/shop`, routes: { frontchannelLogout: false, jwks: '/jwks.json' } }
    expect((await diagnose({ oidc })).urls).toEqual([
      {
        redirect_uri: `${baseUrl}/shop/callback`,
        post_logout_redirect_uri: `${baseUrl}/shop/`,
        backchannel_logout_uri: `${baseUrl}/shop/backchannel-logout`,
        initiate_login_uri: `${baseUrl}/shop/login`,
        jwks_uri: `${baseUrl}/shop/jwks.json`,
      },
    ])
  })

  test('examines each of several providers by its name', async () => {
    const { issuer } = real
    const credentials = { clientId: 'several', clientSecret: several.client_secret }
    const providers = { work: { issuer, ...credentials }, home: { issuer, ...credentials, clientSecret: 'wrong' } }
    const report = await diagnose({ oidc: { providers, baseUrl, secret } })
    const wrong = report.sections.filter(({ findings }) => findings.some(({ status }) => status === 'fail'))
    expect(wrong.map(({ subject }) => subject)).toEqual([{ kind: 'provider', name: 'home', issuer }])
    expect(report.urls.map(({ redirect_uri: uri }) => uri)).toEqual([
      `${baseUrl}/callback/work`,
      `${baseUrl}/callback/home`,
    ])
  })

  test('says that it cannot ask a function for its providers', async () => {
    const report = await diagnose({ oidc: { providers: () => undefined, baseUrl, secret } })
    expect(findingsOf(report)).toContainEqual(expect.objectContaining({ check: 'providers', status: 'unknown' }))
  })

  test('goes on at the other providers if the options of one are invalid', async () => {
    const { issuer } = real
    const providers = { work: { issuer, clientId: 'several' }, home: { issuer, clientId: 'x', scop: 'openid' } }
    const report = await diagnose({ oidc: { providers, baseUrl, secret } })
    expect(complaintsOf(report)).toEqual([expect.stringContaining('"scop" is not an option')])
    expect(report.sections.filter(({ subject }) => subject.kind === 'provider')).toHaveLength(2)
  })

  test('measures a token, if told to, and says whether three of them fit into cookies', async () => {
    const oidc = {
      ...good(),
      clientId: 'machine',
      clientSecret: real.machine.clientSecret,
      resource: 'https://api.example.com',
    }
    const [small, large] = await Promise.all([
      diagnose({ oidc: { ...oidc, session: { maxCookieBytes: 1024 } } }, { isMeasured: true }),
      diagnose({ oidc }, { isMeasured: true }),
    ])
    const none = await diagnose({ oidc: good() }, { isMeasured: true })
    const budget = (report: typeof small) => findingsOf(report).find(({ check }) => check === 'cookie-budget')
    expect(budget(small)).toMatchObject({ status: 'fail', fix: expect.stringContaining('session.store') })
    // This client gets no tokens of its own.
    expect(budget(none)).toMatchObject({ status: 'unknown' })
    expect(budget(large)).toMatchObject({ status: 'ok', message: expect.stringMatching(/three tokens as long as/) })
  })

  test('says which key cannot be used, and goes on', async () => {
    const report = await diagnose({ oidc: { ...good(), clientSecret: undefined, clientAssertionKey: 'no key' } })
    expect(complaintsOf(report)).toEqual([expect.stringMatching(/^options: .*clientAssertionKey/)])
  })

  test('needs no key of the provider for an algorithm of the client secret', async () => {
    const report = await diagnose({ oidc: { ...good(), idTokenSigningAlg: 'HS256' } })
    expect(findingsOf(report).map(({ check }) => check)).not.toContain('keys')
    expect(findingsOf(report)).toContainEqual(expect.objectContaining({ check: 'client', status: 'ok' }))
  })

  test('asks Redis by the client that a store shows', async () => {
    const client = { info: async () => 'redis_version:5.0.14\r\nmaxmemory_policy:noeviction\r\n' }
    const store = Object.assign(new FakeStore(Date), { client })
    for (const where of [{ session: { store } }, { sharedStore: store }]) {
      const redis = findingsOf(await diagnose({ oidc: { ...good(), ...where } })).filter(
        ({ check }) => check === 'redis',
      )
      expect(redis.map(({ message }) => message).join()).toContain('5.0.14')
    }
  })

  test('sends the requests of each base URL, except of patterns', async () => {
    const oidc = { ...good(), baseUrl: undefined, baseUrls: [baseUrl, 'http://*.localhost:9'] }
    const report = await diagnose({ oidc })
    expect(findingsOf(report).filter(({ check }) => check === 'redirect-uri')).toHaveLength(1)
    expect(report.urls.map(({ redirect_uri: uri }) => uri)).toEqual([
      `${baseUrl}/callback`,
      'http://*.localhost:9/callback',
    ])
    const patterns = await diagnose({ oidc: { ...oidc, baseUrls: ['http://*.localhost:9'] } })
    expect(findingsOf(patterns).filter(({ check }) => check === 'client')).toEqual([])
  })
})
