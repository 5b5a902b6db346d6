import { afterEach, describe, expect, test } from '@jest/globals'
import { createHmac } from 'node:crypto'
import type { SignalsOptions, TransmitterOptions } from '../../lib/index.js'
import { oidc, signals, TokenValidationError } from '../../lib/index.js'
import { hosts } from '../hosts/hosts.js'
import { failureOf } from '../kit/failure.js'
import { jws, rsaKey, signingKey } from '../kit/provider/keys.js'
import { eventType, issSub, type TokenChanges } from '../kit/signals/transmitter.js'
import { type SignalsWorld, type SignalsWorldOptions, startSignals } from '../kit/signals/world.js'
import { FakeStore } from '../kit/stores/memory.js'
import { Clock } from '../kit/clock.js'
import { secret } from '../kit/world/world.js'

let closing: SignalsWorld[] = []
afterEach(async () => {
  await Promise.all(closing.map((world) => world.close()))
  closing = []
})

async function start(options: SignalsWorldOptions = {}): Promise<SignalsWorld> {
  const world = await startSignals(options)
  closing.push(world)
  return world
}

const revoked = { [eventType('session-revoked')]: {} }

describe.each(hosts)('signals() on $name', (host) => {
  test('answers 202 to a valid event, without a body, and ends the sessions of its subject in all browsers', async () => {
    const world = await start({ host })
    const [first, second, others] = [await world.signIn(), await world.signIn(), await world.signIn('bob')]
    expect([await world.who(first), await world.who(others)]).toEqual(['alice', 'bob'])
    const answer = await world.push(await world.transmitter.revocation())
    expect([answer.status, answer.text, answer.headers.get('cache-control')]).toEqual([202, '', 'no-store'])
    expect([await world.who(first), await world.who(second), await world.who(others)]).toEqual([null, null, 'bob'])
  })

  test('answers 400 with err and description to a token that is not valid, and lets other requests pass', async () => {
    const world = await start({ host })
    const cookie = await world.signIn()
    const answer = await world.push(await world.transmitter.revocation('alice', { claims: { aud: 'others' } }))
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-language')).toBe('en')
    expect(JSON.parse(answer.text)).toEqual({ err: 'invalid_audience', description: expect.any(String) })
    expect(await world.who(cookie)).toBe('alice')
  })

  test('SG09: answers 503 with Retry-After while the shared store is down, and takes the event when it comes again', async () => {
    const clock = new Clock()
    const store = new FakeStore(clock)
    const world = await start({ host, clock, oidc: { sharedStore: store } })
    const cookie = await world.signIn()
    const token = await world.transmitter.revocation()
    store.outage = true
    const answer = await world.push(token)
    expect([answer.status, answer.err]).toEqual([503, null])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(world.events).toEqual([])
    store.outage = false
    expect((await world.push(token)).status).toBe(202)
    expect(await world.who(cookie)).toBeNull()
  })
})

describe('the keys of a transmitter', () => {
  test('come from the configuration that its issuer names', async () => {
    const world = await start()
    await world.push(await world.transmitter.revocation())
    expect(world.transmitter.paths).toEqual(['/.well-known/ssf-configuration', '/ssf/jwks'])
  })

  test('come from the address that the options name', async () => {
    const world = await start({ transmitter: { jwksUri: 'https://keys.example/ssf/jwks' } })
    expect((await world.push(await world.transmitter.revocation())).status).toBe(202)
    expect(world.transmitter.calls.map(({ url }) => url.href)).toEqual(['https://keys.example/ssf/jwks'])
  })

  const failures: readonly (readonly [string, Record<string, unknown>, Response | undefined])[] = [
    ['is down', {}, new Response('', { status: 500 })],
    ['calls itself otherwise', { issuer: 'https://other.example' }, undefined],
    ['names no keys', { jwks_uri: undefined }, undefined],
    ['names keys without https', { jwks_uri: 'http://id.example/ssf/jwks' }, undefined],
    ['has no configuration', {}, new Response('', { status: 404 })],
    ['has a configuration that is not JSON', {}, new Response('oops')],
  ]
  test.each(failures)(
    'SG09, SG13: while a transmitter %s, pushes get 503, and no session ends',
    async (_what, changes, response) => {
      const world = await start()
      const cookie = await world.signIn()
      Object.assign(world.transmitter.configuration, changes)
      world.transmitter.intercept = () => response?.clone()
      const answer = await world.push(await world.transmitter.revocation())
      expect([answer.status, answer.err, answer.headers.has('retry-after')]).toEqual([503, null, true])
      expect(await world.who(cookie)).toBe('alice')
    },
  )

  test('may be replaced by new ones', async () => {
    const world = await start()
    await world.push(await world.transmitter.revocation('carol'))
    world.transmitter.keys = [signingKey('ES256')]
    const cookie = await world.signIn()
    expect((await world.push(await world.transmitter.revocation())).status).toBe(202)
    expect(await world.who(cookie)).toBeNull()
  })

  test('are fetched ahead by ready()', async () => {
    const world = await start()
    await world.signals.ready()
    expect(world.transmitter.paths).toHaveLength(2)
  })
})

const stranger = signingKey('RS256', { kid: 'rsa-1' })
const now = new Clock().seconds
const week = 7 * 86_400

/** What is wrong with a token, and what its transmitter is told. */
const flawed: readonly (readonly [string, TokenChanges, string])[] = [
  ['SG02: without typ', { header: { typ: undefined } }, 'invalid_request'],
  ['SG02: with the typ of an ID Token', { header: { typ: 'JWT' } }, 'invalid_request'],
  ['SG02: with the typ of a logout token', { header: { typ: 'logout+jwt' } }, 'invalid_request'],
  ['SG01: of another key under the same kid', { key: stranger }, 'invalid_key'],
  ['SG01: of a key that nobody publishes', { key: signingKey('RS256', { kid: 'new' }) }, 'invalid_key'],
  ['SG01: without iss', { claims: { iss: undefined } }, 'invalid_issuer'],
  ['SG01: of another issuer', { claims: { iss: 'https://evil.example' } }, 'invalid_issuer'],
  ['SG07: for another audience', { claims: { aud: ['others', 'more'] } }, 'invalid_audience'],
  ['SG07: without aud', { claims: { aud: undefined } }, 'invalid_audience'],
  ['SG07: without jti', { claims: { jti: undefined } }, 'invalid_request'],
  ['SG07: without iat', { claims: { iat: undefined } }, 'invalid_request'],
  ['SG04: with iat in the future', { claims: { iat: now + 31 } }, 'invalid_request'],
  ['SG04: with iat in milliseconds', { claims: { iat: now * 1000 } }, 'invalid_request'],
  ['SG04: that is too old', { claims: { iat: now - week - 31 } }, 'invalid_request'],
  ['SG02: with exp, as only other kinds of tokens have', { claims: { exp: now + 60 } }, 'invalid_request'],
  ['SG02: with sub, as only other kinds of tokens have', { claims: { sub: 'alice' } }, 'invalid_request'],
  ['SG02: with nonce, as only ID Tokens have', { claims: { nonce: 'n' } }, 'invalid_request'],
  ['SG07: without events', { claims: { events: undefined } }, 'invalid_request'],
  ['SG07: with no event', { claims: { events: {} } }, 'invalid_request'],
  [
    'SG07: with an event that is not an object',
    { claims: { events: { [eventType('session-revoked')]: true } } },
    'invalid_request',
  ],
  ['SG07: with a list of events', { claims: { events: [revoked] } }, 'invalid_request'],
  ['SG07: about nobody', { claims: { sub_id: undefined } }, 'invalid_request'],
  [
    'SG07: with a subject without format',
    { claims: { sub_id: { iss: 'https://id.example', sub: 'alice' } } },
    'invalid_request',
  ],
  [
    'SG07: with a subject that lacks a member',
    { claims: { sub_id: { format: 'iss_sub', sub: 'alice' } } },
    'invalid_request',
  ],
  ['SG07: with a complex subject without members', { claims: { sub_id: { format: 'complex' } } }, 'invalid_request'],
  ['SG07: with a txn that is not text', { claims: { txn: 7 } }, 'invalid_request'],
]

describe('a token that is not valid', () => {
  test.each(flawed)('%s is refused, and ends no session', async (_what, changes, err) => {
    const world = await start()
    const cookie = await world.signIn()
    const answer = await world.push(await world.transmitter.revocation('alice', changes))
    expect([answer.status, answer.err]).toEqual([400, err])
    expect(await world.who(cookie)).toBe('alice')
    expect(world.events).toEqual([])
  })

  test('SG01: without a signature, or signed with a public key as secret, is refused', async () => {
    const world = await start()
    const cookie = await world.signIn()
    const [header = '', payload = ''] = (await world.transmitter.revocation()).split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const fields = JSON.parse(Buffer.from(header, 'base64url').toString()) as object
    const none = jws({ ...fields, alg: 'none' }, claims, () => Buffer.alloc(0))
    const pem = rsaKey.publicKey.export({ format: 'pem', type: 'spki' })
    const mac = jws({ ...fields, alg: 'HS256' }, claims, (input) => createHmac('sha256', pem).update(input).digest())
    const answers = [await world.push(none), await world.push(mac)]
    expect(answers.map(({ status, err }) => [status, err])).toEqual([
      [400, 'invalid_key'],
      [400, 'invalid_key'],
    ])
    expect(await world.who(cookie)).toBe('alice')
  })

  test.each([
    ['no token at all', 'hello', {}],
    ['nothing', '', {}],
    ['a form', 'token=a', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON, which only Apple sends', '{"payload":"a"}', { 'content-type': 'application/json' }],
    ['more than any token', 'a'.repeat(70_000), {}],
  ])('SG07: that is %s is refused', async (_what, body, headers) => {
    const world = await start()
    expect(await world.push(body, headers as Record<string, string>)).toMatchObject({
      status: 400,
      err: 'invalid_request',
    })
  })

  test('SG01: of a transmitter that is not known makes no request', async () => {
    const world = await start()
    await world.push(await world.transmitter.revocation('alice', { claims: { iss: 'https://evil.example' } }))
    expect(world.transmitter.calls).toEqual([])
  })
})

describe('a push', () => {
  test('must be a POST', async () => {
    const world = await start()
    const answer = await fetch(`${world.app.host.url}/signals`)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('SG08: must have the header Authorization that was agreed on, one of several during rotation', async () => {
    const world = await start({ transmitter: { pushAuthorization: ['Bearer new-secret', 'Bearer old-secret'] } })
    const cookie = await world.signIn()
    const token = await world.transmitter.revocation()
    expect(await world.push(token)).toMatchObject({ status: 400, err: 'authentication_failed' })
    expect(await world.push(token, { authorization: 'Bearer wrong' })).toMatchObject({ status: 400 })
    expect(world.transmitter.calls).toEqual([])
    expect(await world.who(cookie)).toBe('alice')
    expect(await world.push(token, { authorization: 'Bearer old-secret' })).toMatchObject({ status: 202 })
    expect(await world.who(cookie)).toBeNull()
  })

  test('comes through a text parser of the application, and is an error of the set-up after one that keeps nothing', async () => {
    const read = async (req: AsyncIterable<Buffer>) => {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    }
    const keep: unknown[] = []
    const world = await start({
      before: [
        (req, _res, next) => {
          const path = req.url ?? ''
          if (!path.startsWith('/signals')) {
            next()
            return
          }
          void read(req).then((text) => {
            if (keep.length === 0) Object.assign(req, { body: text })
            next()
          })
        },
      ],
    })
    expect(await world.push(await world.transmitter.revocation())).toMatchObject({ status: 202 })
    keep.push('nothing')
    expect(await world.push(await world.transmitter.revocation())).toMatchObject({ status: 500 })
    expect(world.app.host.journal.errors).toMatchObject([{ code: 'body_already_read' }])
  })
})

describe('a token that comes again', () => {
  test('SG03: is a success, and is neither acted on nor told twice', async () => {
    const world = await start()
    const token = await world.transmitter.revocation()
    expect((await world.push(token)).status).toBe(202)
    expect((await world.push(token)).status).toBe(202)
    expect(world.events).toHaveLength(1)
  })

  test('SG03: is known to other processes too, as long as it could be valid', async () => {
    const clock = new Clock()
    const store = new FakeStore(clock)
    const one = await start({ clock, oidc: { sharedStore: store } })
    const other = await start({ clock, oidc: { sharedStore: store }, from: one.transmitter })
    const token = await one.transmitter.revocation()
    await one.push(token)
    const [name = ''] = [...store.contents().keys()].filter((each) => each.startsWith('logout:'))
    expect(store.remaining(name)).toBe((week + 30) * 1000)
    expect((await other.push(token)).status).toBe(202)
    expect(other.events).toEqual([])
  })

  test('SG09: after an outage between the act and the memory of it acts once more, on sessions that are older than the event', async () => {
    const clock = new Clock()
    const store = new FakeStore(clock)
    const world = await start({ clock, oidc: { sharedStore: store } })
    const old = await world.signIn()
    const token = await world.transmitter.revocation('alice', { claims: { jti: 'j1' } })
    store.before = ({ operation, names: [name = ''] }) => {
      store.outage = operation === 'add' && name.startsWith('logout:')
    }
    expect((await world.push(token)).status).toBe(503)
    store.before = () => undefined
    store.outage = false
    expect(await world.who(old)).toBeNull()
    clock.advance(5)
    const young = await world.signIn()
    expect((await world.push(token)).status).toBe(202)
    expect(await world.who(young)).toBe('alice')
    expect(world.events.map(({ jti }) => jti)).toEqual(['j1', 'j1'])
    expect((await world.push(token)).status).toBe(202)
    expect(world.events).toHaveLength(2)
  })

  test('SG09: after onEvent has failed is told again, and nothing was acknowledged', async () => {
    const failures = [new Error('the database is away')]
    const told: string[] = []
    const onEvent = ({ jti }: { jti: string }) => {
      const failure = failures.pop()
      if (failure !== undefined) throw failure
      told.push(jti)
    }
    const world = await start({ signals: { onEvent } })
    const token = await world.transmitter.revocation('alice', { claims: { jti: 'j1' } })
    expect((await world.push(token)).status).toBe(500)
    expect(world.app.host.journal.errors).toMatchObject([{ message: 'the database is away' }])
    expect((await world.push(token)).status).toBe(202)
    expect(told).toEqual(['j1'])
  })

  test('is not refused for what the application finds wrong with another token', async () => {
    const failure = new TokenValidationError('token_expired', 'the token of somebody else has expired')
    const onEvent = () => {
      throw failure
    }
    const subjects = onEvent
    const world = await start({ signals: { onEvent }, transmitter: { subjects } })
    expect((await world.push(await world.transmitter.revocation())).status).toBe(500)
    const events = { [eventType('session-revoked')]: {} }
    const token = await world.transmitter.mint(events, { format: 'email', email: 'alice@example.com' })
    expect((await world.push(token)).status).toBe(500)
    expect(world.app.host.journal.errors).toMatchObject([{ cause: failure }, { cause: failure }])
  })
})

describe('the sessions that an event ends', () => {
  test('SG10: are older than the event: one that began after it goes on', async () => {
    const world = await start()
    const old = await world.signIn()
    const happened = Math.floor(world.clock.seconds)
    world.clock.advance(2)
    const young = await world.signIn()
    const token = await world.transmitter.mint(
      { [eventType('session-revoked')]: { event_timestamp: happened } },
      issSub(world.transmitter.issuer),
    )
    world.clock.advance(60)
    expect((await world.push(token)).status).toBe(202)
    expect([await world.who(old), await world.who(young)]).toEqual([null, 'alice'])
    expect(world.events).toMatchObject([{ occurredAt: happened, action: 'ended' }])
  })

  test('SG10: are older than the token where the event has no time, or one that cannot be', async () => {
    for (const event_timestamp of [undefined, 'soon', new Clock().now(), new Clock().seconds + 3600]) {
      const world = await start()
      const old = await world.signIn()
      const token = await world.transmitter.mint(
        { [eventType('session-revoked')]: { event_timestamp } },
        issSub(world.transmitter.issuer),
      )
      world.clock.advance(5)
      const young = await world.signIn()
      await world.push(token)
      expect([await world.who(old), await world.who(young)]).toEqual([null, 'alice'])
    }
  })

  test('SG10: are older than toe, the time of all events of a token', async () => {
    const world = await start()
    const old = await world.signIn()
    const toe = Math.floor(world.clock.seconds)
    world.clock.advance(60)
    const young = await world.signIn()
    await world.push(await world.transmitter.revocation('alice', { claims: { toe } }))
    expect([await world.who(old), await world.who(young)]).toEqual([null, 'alice'])
  })

  test('SG05: are those of the own issuer only: a foreign subject is acknowledged, and nobody is signed out', async () => {
    const world = await start()
    const cookie = await world.signIn()
    const token = await world.transmitter.mint(revoked, issSub('https://other.example'))
    expect((await world.push(token)).status).toBe(202)
    expect(await world.who(cookie)).toBe('alice')
    expect(world.events).toMatchObject([{ action: 'foreign_subject' }])
  })

  test('SG05: of a transmitter with another issuer are those of the issuer that the options name', async () => {
    const hub = {
      issuer: 'https://hub.example',
      subjectIssuer: 'https://id.example',
      jwksUri: 'https://id.example/ssf/jwks',
    }
    const world = await start({ transmitter: hub })
    const cookie = await world.signIn()
    const claims = { iss: hub.issuer }
    await world.push(await world.transmitter.mint(revoked, issSub(hub.issuer), { claims }))
    expect(await world.who(cookie)).toBe('alice')
    await world.push(await world.transmitter.mint(revoked, issSub('https://id.example'), { claims }))
    expect(await world.who(cookie)).toBeNull()
  })
})

const actingEvents: readonly (readonly [string, Record<string, unknown>, boolean])[] = [
  ['session-revoked', {}, true],
  ['token-claims-change', { claims: { role: 'guest' } }, true],
  ['credential-change', { credential_type: 'password', change_type: 'update' }, true],
  ['credential-change', { credential_type: 'fido2-roaming', change_type: 'revoke' }, true],
  ['credential-change', { credential_type: 'fido2-roaming', change_type: 'create' }, false],
  ['assurance-level-change', { current_level: 'nist-aal1', change_direction: 'decrease' }, true],
  ['assurance-level-change', { current_level: 'nist-aal2', change_direction: 'increase' }, false],
  ['device-compliance-change', { previous_status: 'compliant', current_status: 'not-compliant' }, true],
  ['device-compliance-change', { previous_status: 'not-compliant', current_status: 'compliant' }, false],
  ['account-disabled', { reason: 'hijacking' }, true],
  ['account-purged', {}, true],
  ['account-enabled', {}, false],
  ['risk-level-change', { current_level: 'HIGH' }, false],
]

describe('an event', () => {
  test.each(actingEvents)('%s %j ends the sessions of its subject: %p', async (name, claims, isEnding) => {
    const world = await start()
    const cookie = await world.signIn()
    const token = await world.transmitter.mint({ [eventType(name)]: claims }, issSub(world.transmitter.issuer))
    expect((await world.push(token)).status).toBe(202)
    expect(await world.who(cookie)).toBe(isEnding ? null : 'alice')
    expect(world.events).toMatchObject([{ type: eventType(name), claims, action: isEnding ? 'ended' : 'none' }])
  })

  test('that ends nothing by itself can be made to by the application', async () => {
    const world = await start({ signals: { onEvent: async (event) => void (await event.end()) } })
    const cookie = await world.signIn()
    await world.push(
      await world.transmitter.mint({ [eventType('risk-level-change')]: {} }, issSub(world.transmitter.issuer)),
    )
    expect(await world.who(cookie)).toBeNull()
  })

  test('may have its subject in itself, as drafts had it, and the typ may be a whole media type', async () => {
    const world = await start()
    const cookie = await world.signIn()
    const events = { [eventType('session-revoked')]: { subject: issSub(world.transmitter.issuer) } }
    await world.push(await world.transmitter.mint(events, undefined, { header: { typ: 'application/secevent+jwt' } }))
    expect(await world.who(cookie)).toBeNull()
  })
})

describe('the options of signals()', () => {
  const make = (changes: Partial<SignalsOptions>, transmitter: Partial<TransmitterOptions> = {}) => {
    const auth = oidc({
      issuer: 'https://id.example',
      clientId: 'web',
      clientSecret: 's',
      baseUrl: 'http://localhost',
      secret,
    })
    const transmitters = [{ issuer: 'https://id.example', ...transmitter }]
    return failureOf(() => signals({ oidc: auth, transmitters, ...changes }))
  }

  test.each([
    [{ oidc: {} as SignalsOptions['oidc'] }, '"oidc" must be what oidc() returned'],
    [{ transmitters: [] }, '"transmitters" must name at least one transmitter'],
    [{ transmitters: [{ issuer: 'http://id.example' }] }, 'must use https'],
    [
      { transmitters: [{ issuer: 'https://id.example' }, { issuer: 'https://id.example' }] },
      'must not name one issuer twice',
    ],
    [{ transmitters: [{ issuer: 'https://hub.example' }] }, '"subjectIssuer" says whose sessions'],
    [{ path: 'signals' }, '"path" must be a path'],
    [{ pfad: '/a' } as Partial<SignalsOptions>, '"pfad" is not an option'],
  ])('%j are refused', async (changes, message) => {
    expect(await make(changes)).toMatchObject({ code: 'invalid_options', message: expect.stringContaining(message) })
  })

  test.each([
    [{ pushAuthorization: 'short' }, 'pushAuthorization'],
    [{ pushAuthorization: [] }, 'pushAuthorization'],
    [{ audience: [] }, 'audience'],
    [{ accessToken: 7 as unknown as string }, 'accessToken'],
    [{ maxAgeSeconds: 5 }, 'maxAgeSeconds'],
    [{ poll: { maxEvents: 0 } }, 'maxEvents'],
    [{ profile: 'caep' as 'ssf' }, 'profile'],
  ])('%j of a transmitter are refused', async (changes, name) => {
    expect(await make({}, changes)).toMatchObject({ code: 'invalid_options', message: expect.stringContaining(name) })
  })

  test('cannot name an oidc() whose providers a function finds: their sessions are not known by their issuer', async () => {
    const auth = oidc({ providers: async () => undefined, baseUrl: 'http://localhost', secret })
    const failure = await failureOf(() => signals({ oidc: auth, transmitters: [{ issuer: 'https://id.example' }] }))
    expect(failure).toMatchObject({ code: 'invalid_options', message: expect.stringContaining('function') })
  })
})
