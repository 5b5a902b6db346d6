import { afterEach, describe, expect, test } from '@jest/globals'
import { type ProviderOptions, type SecurityEvent, signals } from '../../lib/index.js'
import { signedIn } from '../../lib/testing/index.js'
import { hosts } from '../hosts/hosts.js'
import type { Layer } from '../hosts/layers.js'
import { type AppRequest, json, type ProvidersApp, startAppOfProviders } from '../kit/app.js'
import { Clock } from '../kit/clock.js'
import { signingKey } from '../kit/provider/keys.js'
import { eventType, issSub, TestTransmitter, verification } from '../kit/signals/transmitter.js'
import { pushTo } from '../kit/signals/world.js'
import { secret } from '../kit/world/world.js'

let app: ProvidersApp
let work: TestTransmitter
let home: TestTransmitter
let events: SecurityEvent[]
let close: () => void
afterEach(async () => {
  close()
  await app.close()
})

const [host] = hosts
const me: Layer = {
  method: 'GET',
  path: '/me',
  handlers: [(req, res) => json(res, (req as AppRequest).oidc.user?.sub ?? null)],
}

/** An application with several providers, and a transmitter of each issuer. */
async function start(more: Readonly<Record<string, ProviderOptions>> = {}): Promise<void> {
  if (host === undefined) throw new Error('there is no host')
  const clock = new Clock()
  work = new TestTransmitter(clock, 'https://work.example')
  home = new TestTransmitter(clock, 'https://home.example')
  home.keys = [signingKey('RS256', { kid: 'rsa-1' })]
  events = []
  const reach: typeof fetch = (input, init) => (String(input).startsWith(work.issuer) ? work : home).fetch(input, init)
  app = await startAppOfProviders(host, clock, async (baseUrl) => ({
    options: {
      providers: { work: client(work.issuer), home: client(home.issuer), ...more },
      baseUrl,
      secret,
      fetch: reach,
    },
    layers: (oidc) => {
      const transmitters = [{ issuer: work.issuer, accessToken: 'token' }, { issuer: home.issuer }]
      const receiver = signals({ oidc, transmitters, fetch: reach, onEvent: (event) => void events.push(event) })
      close = () => receiver.close()
      verify = (id) => receiver.streams(work.issuer).verify(id)
      return [receiver, oidc, me]
    },
  }))
}

let verify: (id: string) => Promise<void>

const client = (issuer: string, clientId = 'web'): ProviderOptions => ({ issuer, clientId, clientSecret: 'secret' })
const signIn = (provider: string) => signedIn(app.oidc, { sub: 'alice' }, { provider })
const push = (token: string) => pushTo(app.host.url, token)
const who = async (cookie: string): Promise<unknown> =>
  (await fetch(`${app.host.url}/me`, { headers: { cookie } })).json()

describe('with several providers', () => {
  test('SG05: a transmitter ends sessions at its own issuer only, though a person has the same sub at another', async () => {
    await start()
    const [atWork, atHome] = [await signIn('work'), await signIn('home')]
    expect((await push(await work.revocation())).status).toBe(202)
    expect([await who(atWork), await who(atHome)]).toEqual([null, 'alice'])
    expect((await push(await home.revocation())).status).toBe(202)
    expect(await who(atHome)).toBeNull()
  })

  test('SG05: a transmitter that names a person of the other issuer ends nothing', async () => {
    await start()
    const cookies = [await signIn('work'), await signIn('home')]
    const token = await work.mint({ [eventType('session-revoked')]: {} }, issSub(home.issuer))
    expect((await push(token)).status).toBe(202)
    expect(await Promise.all(cookies.map(who))).toEqual(['alice', 'alice'])
    expect(events).toMatchObject([{ transmitter: work.issuer, action: 'foreign_subject' }])
  })

  test('SG01: a transmitter cannot speak for the other one', async () => {
    await start()
    const cookies = [await signIn('work'), await signIn('home')]
    const [key] = work.keys
    const token = await home.revocation('alice', key === undefined ? {} : { key })
    expect(await push(token)).toMatchObject({ status: 400, err: 'invalid_key' })
    expect(await Promise.all(cookies.map(who))).toEqual(['alice', 'alice'])
  })

  test('SG03: a token that one transmitter has sent hides none of the other with the same jti', async () => {
    await start()
    const cookie = await signIn('home')
    const changes = { claims: { jti: 'j1' } }
    await push(await work.revocation('alice', changes))
    await push(await home.revocation('alice', changes))
    expect(await who(cookie)).toBeNull()
    expect(events.map(({ transmitter }) => transmitter)).toEqual([work.issuer, home.issuer])
  })

  test('SG12: the state of a verification is good for the transmitter that was asked, and for no other', async () => {
    await start()
    const states: unknown[] = []
    work.intercept = ({ url, body }) => {
      if (!url.pathname.endsWith('/verify')) return undefined
      states.push(body['state'])
      return new Response(null, { status: 204 })
    }
    await verify('s1')
    const answerOf = (from: TestTransmitter) =>
      from.mint({ [verification]: { state: states[0] } }, { format: 'opaque', id: 's1' }).then(push)
    expect(await answerOf(home)).toMatchObject({ status: 400, err: 'invalid_state' })
    expect(await answerOf(work)).toMatchObject({ status: 202 })
  })

  test('of which two have one issuer, its transmitter ends the sessions of both clients, and may name either', async () => {
    await start({ intranet: client('https://work.example', 'intranet') })
    const cookies = [await signIn('work'), await signIn('intranet'), await signIn('home')]
    const token = await work.revocation('alice', { claims: { aud: 'intranet' } })
    expect((await push(token)).status).toBe(202)
    expect(await Promise.all(cookies.map(who))).toEqual([null, null, 'alice'])
  })
})
