import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import { startWorld, type World } from './world.js'

describe.each(hosts)('a login on $name', (host) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ host })
  })
  afterAll(() => world.close())

  test('ends at the page that was asked for, with a session', async () => {
    const browser = new Browser()
    const page = await browser.request('navigate', world.url('/private?tab=2'), { follow: true })
    expect(page).toMatchObject({ status: 200, url: world.url('/private?tab=2') })
    expect(page.json()).toEqual({ sub: 'alice' })
  })
})
