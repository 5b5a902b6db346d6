import { afterEach, expect, test } from '@jest/globals'
import type { Layer } from '../hosts/layers.js'
import { bobsDoor, forgetAtProvider } from '../relying-party/steps.js'
import { type AppRequest, json, startWorld, type World } from '../relying-party/world.js'

let world: World
afterEach(() => world.close())

const basket: Layer = {
  method: 'GET',
  path: '/basket',
  handlers: [
    async (req, res) => {
      const { oidc } = req as AppRequest
      await oidc.update({ basket: 'full' })
      json(res, oidc.data)
    },
  ],
}
const seeData: Layer = {
  method: 'GET',
  path: '/data',
  handlers: [(req, res) => json(res, (req as AppRequest).oidc.data)],
}

test('IT30: whoever signs in after another person gets a session of their own, without the data of the other', async () => {
  world = await startWorld({ layers: [basket, seeData, bobsDoor] })
  await world.signIn()
  expect((await world.browser.fetch(world.url('/basket'))).json()).toEqual({ basket: 'full' })
  const before = world.browser.cookies.all().find(({ name }) => name === 'oidc')?.value
  forgetAtProvider(world.browser)
  await world.signIn('/bob')
  expect((await world.me()).auth).toMatchObject({ subject: 'bob' })
  expect((await world.browser.fetch(world.url('/data'))).json()).toEqual({})
  expect(world.browser.cookies.all().find(({ name }) => name === 'oidc')?.value).not.toBe(before)
})

test('CB32: nobody else starts a login here: iss, target_link_uri and login_hint of a third party are not read', async () => {
  world = await startWorld()
  const query = 'iss=https://evil.example&target_link_uri=https://evil.example/&login_hint=bob'
  const { status, location } = await world.browser.navigate(world.url(`/login?${query}`))
  expect([status, new URL(location ?? '').origin]).toEqual([302, world.provider.issuer])
  expect(location).not.toMatch(/evil|login_hint/)
  expect((await world.browser.navigate(location ?? '', { follow: true })).url).toBe(world.url('/'))
})
