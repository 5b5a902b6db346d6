import { afterEach, expect, test } from '@jest/globals'
import expressSession from 'express-session'
import { requireAuth, type OidcErrorDetails } from '../../../../lib/index.js'
import type { Layer } from '../../../hosts/layers.js'
import { type AppRequest } from '../../../kit/app.js'
import { cookieSessionLayer, expressSessionLayer } from '../../../kit/stores/storage-kinds.js'
import { watchAll } from '../../../kit/watching/watching.js'
import { answering, guarded } from '../../../kit/world/applications.js'
import { type World, startWorld } from '../../../kit/world/world.js'

let world: World
afterEach(() => world.close())

const held = (req: AppRequest) => Reflect.get(req, 'session') as Record<string, unknown>
let kept: unknown
const layers: readonly Layer[] = [
  guarded('/guarded', requireAuth()),
  answering('/garble', (req) => (held(req)['oidc'] = 'of another secret')),
  answering('/keep', (req) => (kept = held(req)['oidc'])),
  answering('/bring-back', (req) => (held(req)['oidc'] = kept)),
]

async function start(before: Layer): Promise<void> {
  const session = { use: 'request', idleSeconds: 600, absoluteSeconds: 3600 } as const
  world = await startWorld({ before: [before], layers, oidc: { session } })
}

const visit = (path: string) => world.browser.fetch(world.url(path))
const signIn = () => world.browser.navigate(world.url('/guarded'), { follow: true })

/** Why a guard found no session, as its refusal tells tracing channels. */
async function absence(): Promise<Pick<OidcErrorDetails, 'seen' | 'option'>> {
  const refusals: OidcErrorDetails[] = []
  const watching = watchAll(({ step, details = {} }, phase) => {
    if (step === 'guard' && phase === 'end') refusals.push(details)
  })
  await visit('/guarded')
  watching.stop()
  expect(refusals).toHaveLength(1)
  const [{ seen, option } = {}] = refusals
  return { seen, option }
}

test.each([
  ['express-session', () => expressSessionLayer(new expressSession.MemoryStore())],
  ['cookie-session', cookieSessionLayer],
] as const)('a guard tells logs why nobody is signed in by %s', async (_name, layer) => {
  await start(layer())
  expect(await absence()).toEqual({ seen: 'a req.session in which nobody is signed in', option: 'session.use' })
  await signIn()
  world.clock.advance(601)
  expect(await absence()).toEqual({ seen: 'ended (idle)', option: 'session.idleSeconds' })
  expect(await absence()).toMatchObject({ option: 'session.use' })
  await signIn()
  await visit('/garble')
  expect(await absence()).toMatchObject({ option: 'secret' })
})

test('a guard tells logs that a login was ended', async () => {
  await start(cookieSessionLayer())
  await signIn()
  await visit('/keep')
  await world.browser.navigate(world.url('/logout'), { site: 'same-origin', follow: true })
  await visit('/bring-back')
  expect(await absence()).toEqual({ seen: expect.stringContaining('ended by a logout'), option: undefined })
})
