import { pages } from '../pages.js'

/** Opens a page. Before, the page with the providers is between that and the provider. */
async function begin(person, path) {
  const seen = await person.open(path)
  const button = person.page.locator('form[action$="/auth/signin/sso"] button')
  if ((await button.count()) === 0) return seen
  return person.look(await person.follow(() => button.click()))
}

async function enter(person, path, login) {
  const seen = await begin(person, path)
  return person.isAtProvider() ? person.answer(login) : seen
}

async function leave(person, side) {
  if (side === 'after') return person.leave()
  await person.open('/auth/signout')
  return person.follow(() => person.page.locator('form[action$="/auth/signout"] button').click())
}

export const steps = [
  pages.stranger,
  pages.guard,
  [
    pages.script[0],
    async ({ visitor }) => {
      const stranger = await visitor('a stranger')
      await stranger.open('/')
      const seen = await stranger.fetch('/profile')
      return seen.includes('<html') ? '200 and a page' : seen
    },
  ],
  pages.program,
  ['a login, begun at a page for people', async ({ visitor }) => enter(await visitor('alice'), '/profile', 'alice')],
  pages.name,
  pages.allowed,
  [
    pages.refused[0],
    async ({ visitor }) => {
      const bob = await visitor('bob')
      await enter(bob, '/profile', 'bob')
      return bob.open('/salaries')
    },
  ],
  [
    pages.tabs[0],
    async ({ visitor }) => {
      const first = await visitor('carol')
      const second = await first.tab()
      await begin(first, '/profile')
      await begin(second, '/profile')
      return first.answer('carol')
    },
  ],
  [
    pages.cancelled[0],
    async ({ visitor }) => {
      const dave = await visitor('dave')
      await begin(dave, '/profile')
      return dave.cancel()
    },
  ],
  [
    pages.foreign[0],
    async ({ visitor }) => (await visitor('erin')).open('/auth/callback/sso?code=stolen&state=stolen'),
  ],
  [
    'a logout, and a login right after it',
    async ({ side, visitor }) => {
      const alice = await visitor('alice')
      await leave(alice, side)
      return begin(alice, '/profile')
    },
  ],
  [
    pages.replay[0],
    async ({ side, visitor }) => {
      const frank = await visitor('frank')
      await enter(frank, '/profile', 'frank')
      const copied = await frank.context.cookies()
      await leave(frank, side)
      const thief = await visitor('a thief')
      await thief.context.addCookies(copied.filter(({ name }) => !name.startsWith('_')))
      return thief.open('/profile')
    },
  ],
  [
    pages.change[0],
    async ({ side, visitor, provider }) => {
      const grace = await visitor('grace', { stays: true })
      if (side === 'before') return enter(grace, '/profile', 'grace')
      const count = provider.requests.length
      const seen = await grace.open('/profile')
      return provider.requests.length > count ? `${seen}, by way of the provider` : seen
    },
  ],
]

export const setting = {
  provider: { callbacks: ['/auth/callback/sso'] },
  env: { SECRET: 'the secret of the application before' },
}
