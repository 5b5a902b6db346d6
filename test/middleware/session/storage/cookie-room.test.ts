import { afterEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import cookieSession from 'cookie-session'
import expressSession from 'express-session'
import type { OidcOptions, TraceRemark } from '../../../../lib/index.js'
import { cookieNameIn, cookieRoom } from '../../../../lib/middleware/session/storage/cookie-room.js'
import { Browser } from '../../../hosts/client.js'
import { createSeal } from '../../../../lib/seal/seal.js'
import type { Layer } from '../../../hosts/layers.js'
import { Clock, start } from '../../../kit/clock.js'
import { cookieSessionLayer, expressSessionLayer } from '../../../kit/stores/storage-kinds.js'
import { FakeStore } from '../../../kit/stores/memory.js'
import { watchAll } from '../../../kit/watching/watching.js'
import { answering } from '../../../kit/world/applications.js'
import { cookieOf, type RefreshWorld, startRefreshWorld, told, tokenOf } from '../../../kit/world/refreshing.js'
import { bobsDoor, changed, codeOf, forgetAtProvider, subjectOf } from '../../../kit/world/steps.js'
import type { AppRequest } from '../../../kit/app.js'

const random = (length: number): string => randomBytes(length).toString('base64url').slice(0, length)

/** The cookie that cookie-session writes for a session. */
function written(options: { readonly name?: string }, content: object): string {
  const req = new IncomingMessage(new Socket())
  const res = new ServerResponse(req)
  cookieSession({ ...options, keys: ['k'] })(req as never, res as never, () => undefined)
  expect(cookieNameIn(req)).toBe(options.name ?? 'session')
  Object.assign(Reflect.get(req, 'session') as object, content)
  res.writeHead(200)
  const [line = ''] = res.getHeader('Set-Cookie') as string[]
  return line.slice(0, line.indexOf(';'))
}

describe('the room in a cookie', () => {
  const seal = createSeal(['a secret for tests only, 32 characters'], ['test'], new Clock())

  test.each<[{ readonly name?: string }, object]>([
    [{}, {}],
    [{ name: 'app' }, { basket: ['a', 'b'] }],
    [{ name: 'a-longer-name' }, { greeting: 'grüß "Gott" ✓', id: 5, absent: undefined }],
  ])('is measured as cookie-session writes it: %j with %j', (options, others) => {
    for (let fill = 0; fill < 9; fill += 1) {
      const room = cookieRoom(seal, options.name ?? 'session', { ...others, oidc: '' })
      const sealed = room.seal({ exp: start, fill: 'x'.repeat(fill) })
      expect(room.bytesOf(sealed)).toBe(written(options, { ...others, oidc: sealed }).length)
    }
  })
})

let world: RefreshWorld

const layers: readonly Layer[] = [
  bobsDoor,
  answering('/basket', (req) => Object.assign(sessionOf(req), { basket: random(lengthIn(req)) })),
  answering('/drop', (req) => {
    const { oidc: _login, ...others } = sessionOf(req) as Record<string, unknown>
    Reflect.set(req, 'session', { ...others, basket: random(lengthIn(req)) })
    return true
  }),
  answering('/keys', (req) => Object.keys(sessionOf(req))),
  answering('/data', ({ oidc }) => oidc.data),
  answering('/tokens', async ({ oidc }) => ({ idToken: oidc.idToken ?? null, access: await oidc.accessToken() })),
  answering('/update', async (req) => {
    const { oidc } = req
    const fill = random(lengthIn(req))
    const said = await oidc.update({ fill }).then(
      () => 'stored',
      ({ code }: { code: string }) => code,
    )
    const after = Object.keys(oidc.data)
    await oidc.update({ small: true })
    return { said, after }
  }),
]
const lengthIn = ({ url = '' }: AppRequest): number => Number(new URL(url, 'http://x').searchParams.get('fill') ?? 4)
const sessionOf = (req: AppRequest): object => Reflect.get(req, 'session') as object

async function begin(oidc: Partial<OidcOptions> = {}, before: Layer = cookieSessionLayer()): Promise<void> {
  world = await startRefreshWorld({ before: [before], layers, oidc: { session: { use: 'request' }, ...oidc } })
}

const visit = async (path: string): Promise<unknown> => (await world.browser.fetch(world.url(path))).json()
const enter = () => world.browser.navigate(world.url('/private'), { follow: true })
const filledWith = (length: number): Partial<OidcOptions> => ({ onLogin: () => ({ data: { fill: random(length) } }) })
/** Has the provider issue tokens of these lengths. */
const lengthen = (lengths: Readonly<Record<string, number>>): void =>
  world.spoilTokens(
    changed((members) => ({
      ...members,
      ...Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, random(length)])),
    })),
  )

/** What was left out of sessions while something was done. */
async function remarksOn(work: () => Promise<unknown>): Promise<readonly TraceRemark[]> {
  const remarks: TraceRemark[] = []
  const watching = watchAll((event, phase) => {
    if (event.step === 'session' && phase === 'end') remarks.push(...(event.remarks ?? []))
  })
  await work()
  watching.stop()
  return remarks
}

describe('a login in the cookie of cookie-session', () => {
  afterEach(() => world.close())

  test('SC06: has room for usual tokens, of 2.6 KB together', async () => {
    await begin()
    lengthen({ access_token: 900, refresh_token: 900 })
    expect((await enter()).json()).toEqual({ sub: 'alice' })
    const { idToken, access } = (await visit('/tokens')) as Record<'idToken' | 'access', string>
    expect(idToken.length + access.length + 900).toBeGreaterThan(2_500)
    expect(await visit('/update?fill=50')).toEqual({ said: 'stored', after: ['fill'] })
    expect(await visit('/data')).toEqual({ fill: expect.any(String), small: true })
  })

  test.each([
    [1_000, []],
    [2_000, ['id_token_left_out']],
    [4_000, ['access_token_left_out']],
  ])('SC06: is made smaller as far as needed: an access token of %i characters', async (length, remarks) => {
    await begin()
    lengthen({ access_token: length })
    expect(await remarksOn(enter)).toEqual(remarks)
    for (let visits = 0; visits < 2; visits += 1) {
      const { idToken, access } = (await visit('/tokens')) as { idToken: string | null; access: string }
      expect([idToken === null, access.length]).toEqual([remarks.includes('id_token_left_out'), length])
    }
    expect([await subjectOf(world), world.refreshes]).toEqual(['alice', []])
  })

  test('SC06: has an access token that was left out in all processes with a shared store, until it ends', async () => {
    const sharedStore = new FakeStore(Clock.real())
    await begin({ sharedStore })
    lengthen({ access_token: 4_000 })
    await enter()
    const first = world
    const cookie = cookieOf(first.browser, first)
    const token = await tokenOf(first, first.browser)
    await begin({ sharedStore, issuer: first.provider.issuer })
    expect(told(await new Browser().fetch(world.url('/token'), { headers: cookie }))).toBe(token)
    expect(world.refreshes).toEqual([])
    const leftOut = () => [...sharedStore.contents().keys()].filter((name) => name.startsWith('left-out:'))
    expect(leftOut()).toHaveLength(1)
    await first.browser.navigate(first.url('/logout'), { site: 'same-origin' })
    expect(leftOut()).toEqual([])
    await first.close()
  })

  test('SC06: that is too large fails with an error that says so, and changes nothing', async () => {
    const messages: string[] = []
    await begin({
      ...filledWith(2_500),
      onError: (error, { next }) => {
        messages.push(error.message)
        next(error)
      },
    })
    await visit('/basket')
    const page = await enter()
    expect([page.status, codeOf(page)]).toEqual([500, 'session_too_large'])
    expect(messages).toEqual([expect.stringMatching(/browsers keep 4096 .*data 25\d\d.*with a store.*session\.store/)])
    expect([await subjectOf(world), await visit('/keys')]).toEqual([null, ['basket']])
  })

  test('SC06: of another person leaves the first one signed in, where it is too large', async () => {
    await begin({ onLogin: ({ claims }) => ({ data: { fill: random(claims.sub === 'bob' ? 2_500 : 10) } }) })
    await enter()
    forgetAtProvider(world.browser)
    const page = await world.browser.navigate(world.url('/bob'), { follow: true })
    expect([page.status, codeOf(page)]).toEqual([500, 'session_too_large'])
    expect(await subjectOf(world)).toBe('alice')
  })

  test('SC06: that update() would make too large stays as it was, and so does the session of the application', async () => {
    await begin()
    await enter()
    await visit('/basket')
    expect(await visit('/update?fill=2500')).toEqual({ said: 'session_too_large', after: [] })
    expect([await visit('/data'), await visit('/keys')]).toEqual([{ small: true }, ['oidc', 'basket']])
  })

  test('SC06: that a refresh would make too large says so, and goes on', async () => {
    await begin()
    await enter()
    world.clock.advance(700)
    lengthen({ refresh_token: 3_000 })
    expect(await tokenOf(world, world.browser)).toEqual([500, 'session_too_large'])
    expect(await subjectOf(world)).toBe('alice')
    // Its new tokens are not lost in this process.
    expect(await tokenOf(world, world.browser)).toEqual(expect.any(String))
    expect(world.refreshes).toHaveLength(1)
  })

  test('SC06: makes room for what the application puts beside it later, if it can', async () => {
    await begin()
    await enter()
    for (let length = 1_000; length < 1_900; length += 100) {
      await visit(`/basket?fill=${length}`)
      expect([await subjectOf(world), await visit('/keys')]).toEqual(['alice', ['oidc', 'basket']])
    }
    expect(await visit('/tokens')).toMatchObject({ idToken: null, access: expect.any(String) })
    expect((await world.browser.fetch(world.url('/basket?fill=5000'))).status).toBe(200)
  })

  test('does not come back where the application drops it, however much it puts into the session', async () => {
    await begin()
    await enter()
    await visit('/drop?fill=3000')
    await visit('/drop?fill=1300')
    expect([await subjectOf(world), await visit('/keys')]).toEqual([null, ['basket']])
  })

  test('SC06: is not limited where express-session keeps it in a store', async () => {
    await begin(filledWith(9_000), expressSessionLayer(new expressSession.MemoryStore()))
    expect((await enter()).json()).toEqual({ sub: 'alice' })
    expect(await visit('/update?fill=20000')).toMatchObject({ said: 'stored' })
  })
})
