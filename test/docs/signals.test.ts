import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import request from 'supertest'
import * as library from '../../lib/index.js'
import * as providers from '../../lib/providers/index.js'
import { signedIn, type TestProvider, testProvider } from '../../lib/testing/index.js'
import { Clock } from '../kit/clock.js'
import { eventType, issSub, TestTransmitter } from '../kit/signals/transmitter.js'
import { until } from '../kit/until.js'
import { runSnippet } from '../snippets/run.js'

const issuer = 'https://id.example.com'
const stream = { stream_id: 's1', iss: issuer, aud: 'web' }

let provider: TestProvider
let app: express.Express
let auth: library.OidcMiddleware
let receivers: library.SignalsMiddleware[]
beforeEach(async () => {
  provider = await testProvider({ issuer, clients: { web: { clientSecret: 'a-secret-of-the-client-for-tests' } } })
  app = express()
  auth = library.oidc(provider.options.oidc)
  receivers = []
})
afterEach(() => {
  for (const receiver of receivers) receiver.close()
})

/** A transmitter whose events are of a moment after the logins of the test. */
function transmitterOf(name = issuer): TestTransmitter {
  const clock = Clock.real()
  clock.advance(5)
  return new TestTransmitter(clock, name)
}

/** Runs a snippet, whose requests go to the transmitter. */
function run(words: string, transmitter: TestTransmitter, globals: Readonly<Record<string, unknown>> = {}) {
  const signals = (options: library.SignalsOptions) => {
    const receiver = library.signals({ ...options, fetch: transmitter.fetch })
    receivers.push(receiver)
    return receiver
  }
  const oidc = (options: library.OidcOptions) =>
    (auth = library.oidc({ ...options, fetch: provider.options.oidc.fetch }))
  const clientCredentials = (options: library.ClientCredentialsOptions) =>
    library.clientCredentials({ ...options, fetch: provider.options.oidc.fetch })
  const optionsFromEnv = () => provider.options.oidc
  return runSnippet('docs/signals.md', words, {
    modules: {
      'express-oidc': { ...library, oidc, signals, clientCredentials, optionsFromEnv },
      'express-oidc/providers': providers,
    },
    globals: { app, auth, ...globals },
  })
}

function me(): void {
  app.get('/me', (req, res) => void res.json(req.auth?.subject ?? null))
}

const who = async (cookie: string): Promise<unknown> => (await request(app).get('/me').set('cookie', cookie)).body
const push = async (token: string): Promise<number> =>
  (await request(app).post('/signals').type('application/secevent+jwt').accept('json').send(token)).status

describe('the snippets about signals', () => {
  test('end the sessions of the person that a transmitter names', async () => {
    const transmitter = transmitterOf()
    await run('oidc(optionsFromEnv())', transmitter)
    me()
    const [alice, bob] = [await signedIn(auth, { sub: 'alice' }), await signedIn(auth, { sub: 'bob' })]
    expect(await push(await transmitter.revocation('alice'))).toBe(202)
    expect([await who(alice), await who(bob)]).toEqual([null, 'bob'])
  })

  test('have a callback end what no rule ends', async () => {
    const transmitter = transmitterOf()
    await run('riskChanged', transmitter)
    for (const receiver of receivers) app.use(receiver)
    app.use(auth)
    me()
    const alice = await signedIn(auth, { sub: 'alice' })
    const risk = (current_level: string) =>
      transmitter.mint({ [eventType('risk-level-change')]: { current_level } }, issSub(issuer))
    expect([await push(await risk('LOW')), await who(alice)]).toEqual([202, 'alice'])
    expect([await push(await risk('HIGH')), await who(alice)]).toEqual([202, null])
  })

  test('find the person of a mail address, the sessions of a device, and nobody of an unknown subject', async () => {
    const transmitter = transmitterOf('https://devices.example.net')
    await run('subjectIssuer', transmitter, {
      subOfMail: async (mail: unknown) => (mail === 'bob@example.com' ? 'bob' : 'nobody'),
      sessionsOfDevice: async (id: unknown) => (id === 'd1' ? [{ sid: 's1' }] : []),
    })
    app.use(auth)
    me()
    const alice = await signedIn(auth, { sub: 'alice', sid: 's1' })
    const [bob, carol] = [await signedIn(auth, { sub: 'bob', sid: 's2' }), await signedIn(auth, { sub: 'carol' })]
    const people = async () => [await who(alice), await who(bob), await who(carol)]
    const revoke = async (subject: unknown) =>
      push(await transmitter.mint({ [eventType('session-revoked')]: {} }, subject))
    expect(await revoke({ format: 'phone_number', phone_number: '+12065550100' })).toBe(202)
    expect(await people()).toEqual(['alice', 'bob', 'carol'])
    expect(await revoke({ format: 'email', email: 'bob@example.com' })).toBe(202)
    expect(await people()).toEqual(['alice', null, 'carol'])
    expect(await revoke({ format: 'complex', device: { format: 'opaque', id: 'd1' } })).toBe(202)
    expect(await people()).toEqual([null, null, 'carol'])
  })

  test('receive the notifications of Google by its preset', async () => {
    const { clientId, clientSecret, baseUrl, secret } = provider.options.oidc
    await run('google.signals()', transmitterOf(), { clientId, clientSecret, baseUrl, secret })
    expect(await push('garbage')).toBe(400)
  })

  test('poll with an access token of the application, until the process is to end', async () => {
    const transmitter = transmitterOf()
    const delivery = { method: 'urn:ietf:rfc:8936', endpoint_url: `${issuer}/poll` }
    const polled: (string | null)[] = []
    transmitter.intercept = ({ url, headers }) => {
      if (url.pathname === '/ssf/stream') return Response.json([{ ...stream, delivery }])
      if (url.pathname !== '/poll') return undefined
      polled.push(headers.get('authorization'))
      return Response.json({ sets: {} })
    }
    let end: () => void = () => undefined
    const process = { once: (_signal: string, listener: () => void) => (end = listener) }
    const { clientId, clientSecret } = provider.options.oidc
    await run('receiver.poll()', transmitter, { issuer, clientId, clientSecret, process })
    await until(() => polled.length > 0)
    end()
    expect(polled[0]).toMatch(/^Bearer [\w-]+\./)
  })

  test('set a stream up, and have it verified', async () => {
    const transmitter = transmitterOf()
    transmitter.intercept = ({ url, body }) => {
      if (url.pathname === '/ssf/stream') return Response.json({ ...stream, ...body }, { status: 201 })
      return url.pathname === '/ssf/verify' ? new Response(null, { status: 204 }) : undefined
    }
    const { fetch } = transmitter
    const receiver = library.signals({ oidc: auth, transmitters: [{ issuer, accessToken: 'token' }], fetch })
    await run('receiver.streams()', transmitter, { receiver })
    const posted = transmitter.calls.filter(({ method }) => method === 'POST')
    expect(posted.map(({ url, body }) => [url.pathname, body])).toMatchObject([
      ['/ssf/stream', { delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: 'https://app.example.com/signals' } }],
      ['/ssf/verify', { stream_id: stream.stream_id }],
    ])
    receiver.close()
  })
})
