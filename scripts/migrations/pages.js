/** Steps that every application with a login takes: a page for everybody, `/profile` for people and `/salaries` for those of human resources. */
export const pages = {
  stranger: ['the page for everybody', async ({ visitor }) => (await visitor('alice')).open('/')],
  guard: ['a page for people, as a stranger', async ({ visitor }) => (await visitor('alice')).open('/profile')],
  script: [
    '`fetch()` of a page for people, by a script, as a stranger',
    async ({ visitor }) => {
      const stranger = await visitor('a stranger')
      await stranger.open('/')
      return stranger.fetch('/profile')
    },
  ],
  program: ['the same by a program, such as curl', ({ ask }) => ask('/profile', { headers: { accept: '*/*' } })],
  login: [
    'a login, begun at a page for people',
    async ({ visitor }) => (await visitor('alice')).signIn('/profile', 'alice'),
  ],
  name: ['the page for everybody, afterwards', async ({ visitor }) => (await visitor('alice')).open('/')],
  allowed: ['a page that a claim opens', async ({ visitor }) => (await visitor('alice')).open('/salaries')],
  refused: [
    'the same without that claim',
    async ({ visitor }) => {
      const bob = await visitor('bob')
      await bob.signIn('/profile', 'bob')
      return bob.open('/salaries')
    },
  ],
  post: [
    'a POST by a script of the site',
    async ({ visitor }) => (await visitor('alice')).fetch('/basket', { method: 'POST' }),
  ],
  again: ['another one', async ({ visitor }) => (await visitor('alice')).fetch('/basket', { method: 'POST' })],
  tabs: [
    'two tabs that begin a login: the first one finishes it',
    async ({ visitor }) => {
      const first = await visitor('carol')
      const second = await first.tab()
      await first.open('/profile')
      await second.open('/profile')
      return first.answer('carol')
    },
  ],
  cancelled: [
    'a login that the person gives up',
    async ({ visitor }) => {
      const dave = await visitor('dave')
      await dave.open('/profile')
      return dave.cancel()
    },
  ],
  foreign: [
    'a response that belongs to no login of this browser',
    async ({ visitor }) => (await visitor('erin')).open('/callback?code=stolen&state=stolen'),
  ],
  planted: [
    "the response to somebody else's login, in a browser where a login has begun",
    async ({ home, visitor, windowless }) => {
      const mallory = windowless()
      let page = await mallory.navigate(`${home}/profile`)
      for (let pages = 0; pages < 2 && page.location === undefined; pages += 1) {
        page = await mallory.submit(page, { login: 'mallory', password: 'any' }, { stop: `${home}/` })
      }
      const victim = await visitor('a victim')
      await victim.open('/profile')
      return victim.open(page.location.replace(home, ''))
    },
  ],
  logout: [
    'a logout, and the page for people after it',
    async ({ visitor }) => {
      const alice = await visitor('alice')
      await alice.leave()
      return alice.open('/profile')
    },
  ],
  replay: [
    'cookies that were copied before the logout',
    async ({ visitor }) => {
      const frank = await visitor('frank')
      await frank.signIn('/profile', 'frank')
      const copied = await frank.context.cookies()
      await frank.leave()
      const home = copied.filter(({ name }) => !name.startsWith('_'))
      const thief = await visitor('a thief')
      await thief.context.addCookies(home)
      return thief.open('/profile')
    },
  ],
  change: [
    'somebody who was signed in before the change, and comes back after it',
    async ({ side, visitor, provider }) => {
      const grace = await visitor('grace', { stays: true })
      if (side === 'before') return grace.signIn('/profile', 'grace')
      const count = provider.requests.length
      const seen = await grace.open('/profile')
      return provider.requests.length > count ? `${seen}, by way of the provider` : seen
    },
  ],
}
