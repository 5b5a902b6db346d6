import { afterEach, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'

let world: SeveralWorld
afterEach(() => world.close())

const formPost = { authorizationParams: { response_mode: 'form_post' }, dangerouslyAllowHttp: true }

/** Providers that a function finds; responses of `work` are posted. */
async function start(protocol: 'http' | 'https'): Promise<void> {
  world = await startSeveral({
    oidc: ({ google, work }) => ({
      providers: (name) => (name === 'work' ? { ...work, ...formPost } : google),
      allowPrivateAddresses: true,
      ...(protocol === 'https' ? { baseUrl: 'https://app.example' } : {}),
    }),
  })
}

test('a response that one provider posts signs in, beside one that another redirects with', async () => {
  await start('http')
  let page = await world.browser.navigate(world.url('/login/work?returnTo=/me'))
  while (page.location !== undefined) page = await world.browser.navigate(page.location)
  const [, action = ''] = /action="([^"]+)"/.exec(page.text) ?? []
  const fields = [...page.text.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ])
  expect(action).toBe(world.url('/callback/work'))
  const body = new URLSearchParams(fields as [string, string][])
  const answer = await world.browser.navigate(action, { body, method: 'POST', site: 'same-site' })
  expect([answer.status, answer.location]).toEqual([303, world.url('/me')])
  expect(await world.who()).toMatchObject({ by: 'work', sub: 'alice' })
  await world.signIn('google')
  expect(await world.who()).toMatchObject({ by: 'google' })
})

test('the cookies of a login are SameSite=None where its response is posted, and stay so beside others', async () => {
  await start('https')
  const browser = new Browser({ isBehindProxy: true })
  const login = async (name: string) => {
    const url = world.url(`/login/${name}?returnTo=/${name}${'x'.repeat(270)}`).replace('http:', 'https:')
    return (await browser.navigate(url)).setCookies.map((line) => /samesite=(\w+)/i.exec(line)?.[1])
  }
  expect(await login('work')).toEqual(['none'])
  for (let i = 0; i < 3; i += 1) expect(await login('google')).toEqual(['lax'])
  // The oldest loses its return target.
  expect((await login('google')).toSorted()).toEqual(['lax', 'none'])
})
