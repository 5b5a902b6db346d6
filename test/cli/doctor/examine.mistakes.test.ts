import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Status } from '../../../lib/cli/doctor/finding.js'
import { textReport } from '../../../lib/cli/doctor/report.js'
import { type RealProvider, startRealProvider, webClient } from '../../provider-real/provider.js'
import { diagnose, findingsOf, secret } from './diagnosis.js'
import { plainError } from './plain-error.js'

const baseUrl = 'http://127.0.0.1:9'
const web = webClient(baseUrl)
const ordinary = webClient(baseUrl, {
  client_id: 'machine-only',
  grant_types: ['client_credentials'],
  response_types: [],
})
const wrongSecret = 'a-wrong-secret-that-nobody-must-see'

let real: RealProvider
let good: Readonly<Record<string, unknown>>

beforeAll(async () => {
  real = await startRealProvider({ clients: [web, ordinary], overrides: { renderError: plainError } })
  good = { issuer: real.issuer, clientId: 'web', clientSecret: web.client_secret, baseUrl, secret }
})

afterAll(() => real.close())

/** Answers as the provider does, with a changed document or header. */
function changed(change: (document: Record<string, unknown>) => object, headers: Record<string, string> = {}) {
  return async (...request: Parameters<typeof fetch>) => {
    const response = await fetch(...request)
    if (!response.url.includes('/.well-known/')) return response
    const document = (await response.json()) as Record<string, unknown>
    const kept = Object.fromEntries(response.headers)
    return new Response(JSON.stringify(change(document)), { headers: { ...kept, ...headers } })
  }
}

const anHourAgo = () => new Date(Date.now() - 3_600_000).toUTCString()
const own = (options: object) => () => ({ ...good, ...options })

/** A mistake, and what the doctor says: check, status, and words of message and fix. */
type Row = readonly [
  mistake: string,
  options: () => object,
  check: string,
  status: Status,
  message: RegExp,
  fix: RegExp,
]

const rows: readonly Row[] = [
  [
    'an issuer with a slash too many',
    () => ({ ...good, issuer: `${real.issuer}/` }),
    ...(['issuer', 'fail', /the trailing slash counts/, /^give "http:\/\/127\.0\.0\.1:\d+" as issuer/] as const),
  ],
  [
    'localhost for 127.0.0.1',
    () => ({ ...good, issuer: real.issuer.replace('127.0.0.1', 'localhost') }),
    ...(['issuer', 'fail', /localhost and 127\.0\.0\.1 are different/, /^give "http:\/\/127\.0\.0\.1:\d+"/] as const),
  ],
  [
    'the URL of the metadata as issuer',
    () => ({ ...good, issuer: `${real.issuer}/.well-known/openid-configuration` }),
    ...(['options', 'fail', /must be the issuer itself/, /the member "issuer" of the provider's metadata/] as const),
  ],
  [
    'the URL of an endpoint as issuer',
    () => ({ ...good, issuer: `${real.issuer}/auth` }),
    ...([
      'discovery',
      'fail',
      /no metadata at .*status 404/,
      /calls itself "http:\/\/127\.0\.0\.1:\d+": give that/,
    ] as const),
  ],
  [
    'https at a port that speaks http',
    () => ({ ...good, issuer: real.issuer.replace('http:', 'https:') }),
    ...(['tls', 'fail', /does not speak TLS/, /give http:\/\/ where that is allowed/] as const),
  ],
  [
    'an issuer where nobody listens',
    own({ issuer: 'http://127.0.0.1:1' }),
    ...(['discovery', 'fail', /no answer from .*ECONNREFUSED/, /DNS, firewall/] as const),
  ],
  [
    'a wrong client secret',
    own({ clientSecret: wrongSecret }),
    ...([
      'client',
      'fail',
      /refuses the client "web" \(status 401, invalid_client, /,
      /copy client ID and client secret/,
    ] as const),
  ],
  [
    'a client that the provider does not know',
    own({ clientId: 'wbe' }),
    ...(['client', 'fail', /refuses the client "wbe"/, /copy client ID/] as const),
  ],
  [
    'a client secret that is missing',
    own({ clientSecret: undefined }),
    ...(['client', 'fail', /refuses the client "web"/, /give "clientSecret" \(CLIENT_SECRET\)/] as const),
  ],
  [
    'a client that may not sign people in',
    own({ clientId: 'machine-only', clientSecret: ordinary.client_secret }),
    ...([
      'client',
      'warn',
      /grant type is not allowed for this client/,
      /may use the authorization code grant/,
    ] as const),
  ],
  [
    'a redirect URI that is not registered',
    own({ baseUrl: 'http://127.0.0.1:10' }),
    ...([
      'redirect-uri',
      'fail',
      /127\.0\.0\.1:10\/callback \(status 400/,
      /register exactly http:\/\/127\.0\.0\.1:10\/callback/,
    ] as const),
  ],
  [
    'a redirect URI that is not registered, in pushed requests',
    own({ baseUrl: 'http://127.0.0.1:10', pushedAuthorizationRequests: true }),
    ...(['redirect-uri', 'fail', /127\.0\.0\.1:10\/callback cannot begin/, /register exactly/] as const),
  ],
  [
    'a page after logouts that is not registered',
    own({ logout: { returnTo: '/goodbye' } }),
    ...([
      'post-logout-redirect-uri',
      'fail',
      /refuses http:\/\/127\.0\.0\.1:9\/goodbye/,
      /register exactly .*goodbye/,
    ] as const),
  ],
  [
    'an algorithm that the provider has no key for',
    own({ idTokenSigningAlg: 'PS256' }),
    ...(['keys', 'fail', /no key for PS256, which "idTokenSigningAlg"/, /set "idTokenSigningAlg"/] as const),
  ],
  [
    'a scope that the provider does not list',
    own({ scope: 'openid profil' }),
    ...(['scopes', 'warn', /does not list profil /, /correct or remove them in "scope"/] as const),
  ],
  [
    'an API that the provider does not know',
    own({ resource: 'https://unknown.example' }),
    ...(['authorization-request', 'fail', /refuses to sign in: invalid_target/, /correct "resource"/] as const),
  ],
  [
    'a clock that is wrong',
    own({ fetch: changed((document) => document, { date: anHourAgo() }) }),
    ...(['clock', 'fail', /3[56]\d\d seconds ahead of the provider's, over clockToleranceSeconds 30/, /NTP/] as const),
  ],
  [
    'a provider without PKCE S256',
    own({ fetch: changed((document) => ({ ...document, code_challenge_methods_supported: ['plain'] })) }),
    ...(['pkce', 'fail', /PKCE with plain, and every login needs S256/, /allow S256/] as const),
  ],
  [
    'a base URL over http',
    own({ baseUrl: 'http://app.example.com', dangerouslyAllowHttp: true }),
    ...(['base-url', 'fail', /cookies are not Secure/, /give an https URL/] as const),
  ],
  [
    'a secret that is too short',
    own({ secret: 'keyboard cat' }),
    ...(['options', 'fail', /"secret" must be random/, /openssl rand -base64 48/] as const),
  ],
  [
    'a secret that somebody typed',
    own({ secret: 'the-secret-of-our-own-little-web-shop' }),
    ...(['secret', 'warn', /has a word in it/, /openssl rand -base64 48/] as const),
  ],
  [
    'the client secret as secret of sessions',
    own({ secret: web.client_secret }),
    ...(['secret', 'fail', /is the client secret too/, /openssl rand -base64 48/] as const),
  ],
  [
    'an option that is misspelt',
    own({ clientID: 'web' }),
    ...(['options', 'fail', /"clientID" is not an option: did you mean "clientId"/, /correct the name/] as const),
  ],
]

describe('doctor finds a planted mistake, and says the fix', () => {
  test.each(rows)('%s', async (_mistake, options, check, status, message, fix) => {
    const report = await diagnose({ oidc: options() })
    expect(findingsOf(report)).toContainEqual({
      ...{ check, status },
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    })
    const text = textReport(report, false)
    for (const hidden of [secret, web.client_secret, wrongSecret, ordinary.client_secret]) {
      expect(text).not.toContain(hidden)
    }
  })

  test('and still examines the provider where the options are invalid', async () => {
    const report = await diagnose({
      oidc: { ...good, secret: 'short', issuer: `${real.issuer}/.well-known/openid-configuration` },
    })
    expect(findingsOf(report)).toContainEqual(expect.objectContaining({ check: 'issuer', status: 'ok' }))
  })

  test('and sends nothing to a provider that calls itself otherwise', async () => {
    const before = real.requests.length
    await diagnose({ oidc: { ...good, issuer: `${real.issuer}/` } })
    expect(real.requests.slice(before).filter((request) => !request.includes('/.well-known/'))).toEqual([])
  })
})
