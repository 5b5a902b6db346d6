import { pages } from '../pages.js'

async function bring(visitor, name, cookies) {
  const thief = await visitor(name)
  await thief.context.addCookies(cookies.filter(({ name }) => !name.startsWith('_')))
  return thief.open('/profile')
}

// On each side a session of the old application: that of before, and one that is there since then.
const kept = { cookies: [] }

const [title, open] = pages.refused
const refused = [
  title,
  async (state) => {
    try {
      return await open(state)
    } catch (error) {
      if (error.message.includes('ERR_TOO_MANY_REDIRECTS')) return 'redirects without end'
      throw error
    }
  },
]

export const steps = [
  ...Object.values({ ...pages, refused }),
  [
    'what was in the basket before the change, and one more',
    async ({ side, visitor }) => {
      const heidi = await visitor('heidi', { stays: true })
      if (side === 'after') return heidi.fetch('/basket', { method: 'POST' })
      await heidi.signIn('/profile', 'heidi')
      await heidi.fetch('/basket', { method: 'POST' })
      kept.cookies = await heidi.context.cookies()
      // The same in another browser, so that the basket of this one stays as it is.
      const other = await visitor('heidi elsewhere')
      await other.signIn('/profile', 'heidi')
      await other.fetch('/basket', { method: 'POST' })
      return other.fetch('/basket', { method: 'POST' })
    },
  ],
  [
    'cookies of the old application, brought again after a logout',
    async ({ side, visitor }) => {
      const heidi = await visitor(side === 'before' ? 'heidi elsewhere' : 'heidi', { stays: side === 'after' })
      const copied = side === 'before' ? await heidi.context.cookies() : kept.cookies
      await heidi.leave()
      return bring(visitor, 'another thief', copied)
    },
  ],
]

export const setting = {
  needsRedis: true,
  env: {
    SECRET: 'the secret of the application before',
    MIGRATE_UNTIL: new Date(Date.now() + 86_400_000).toISOString(),
  },
}
