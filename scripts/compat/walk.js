import { Browser } from '../kit/browser.js'
import { overHttp1 } from '../kit/transports.js'
import { closingStep, socketSteps } from './sockets.js'

const program = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
const json = { 'content-type': 'application/json' }
const unmarked = { ...program, 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined, 'sec-fetch-dest': undefined }

/** What is done with each application, in this order: a name, and what is asked. It throws where an answer is wrong. */
const steps = [
  [
    'everybody sees the start page, and a program without a session gets 401',
    async ({ home, alice, paths }) => {
      expect(await alice.ask(`${home}/`), 200, 'home')
      expect(await alice.ask(home + paths.profile, { headers: program }), 401)
    },
  ],
  [
    'a page behind a guard leads to the provider and, signed in, back to that page',
    async ({ home, alice, paths }) => {
      const page = await signIn(alice, home + paths.profile, 'alice')
      expect(page, 200, 'alice')
      if (page.url !== home + paths.profile) throw new Error(`it ended at ${page.url}`)
    },
  ],
  [
    'a claim opens a page to Alice, and closes it to Bob',
    async ({ home, alice, bob, paths }) => {
      await signIn(bob, home + paths.profile, 'bob')
      expect(await alice.ask(home + paths.hr), 200, 'human resources')
      expect(await bob.ask(home + paths.hr), 403)
      expect(await bob.ask(home + paths.hr, { headers: program }), 403)
    },
  ],
  [
    'a POST passes from a page of the application, or with X-CSRF, and from nowhere else',
    async ({ home, alice, paths }) => {
      const post = (headers) =>
        alice.ask(home + paths.transfer, { method: 'POST', headers: { ...headers, ...json }, body: '{}' })
      const origin = new URL(home).origin
      expect(await post({ ...program, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }), 403)
      expect(await post(unmarked), 403)
      expect(await post({ ...program, 'sec-fetch-site': 'same-origin', origin }), 200, 'done')
      expect(await post({ ...unmarked, 'x-csrf': '1' }), 200, 'done')
    },
  ],
  [
    'an API takes an access token, and refuses all else',
    async ({ home, alice, provider, paths, browser }) => {
      const as = (token) => ({ headers: { ...unmarked, authorization: `Bearer ${token}` } })
      const token = await provider.accessToken()
      expect(await browser().ask(home + paths.orders, { headers: unmarked }), 401)
      expect(await browser().ask(home + paths.orders, as(`${token.slice(0, -8)}AAAAAAAA`)), 401)
      expect(await browser().ask(home + paths.orders, as(token)), 200, 'web')
      expect(await alice.ask(home + paths.orders, { headers: program }), 401)
      const { headers } = as(token)
      const posted = await browser().ask(home + paths.orders, {
        method: 'POST',
        headers: { ...headers, ...json },
        body: '{}',
      })
      if (posted.text.includes('cross_site_request')) throw new Error('a POST with an access token needs X-CSRF')
    },
  ],
  [
    'the data of a page has the guard of the page',
    async ({ home, alice, bob, paths }) => {
      const { text } = await alice.ask(home + paths.hr)
      const data = `${home}/_next/data/${/"buildId":"([^"]+)"/.exec(text)?.[1]}${paths.hr}.json`
      expect(await alice.ask(data, { headers: program }), 200, 'pageProps')
      expect(await bob.ask(data, { headers: program }), 403)
    },
    'next',
  ],
  ...socketSteps,
  [
    'a logout ends the session here and at the provider',
    async ({ home, alice, paths }) => {
      let page = await alice.navigate(`${home}/logout`)
      if (!page.url.startsWith(home)) page = await alice.submit(page, { logout: 'yes' })
      expect(page, 200, 'home')
      expect(await alice.ask(home + paths.profile, { headers: program }), 401)
      const there = await alice.navigate(home + paths.profile, { stop: `${home}/callback` })
      if (there.location !== undefined) throw new Error('the provider still knows the person')
    },
  ],
  closingStep,
]

const usual = { profile: '/profile', hr: '/hr', transfer: '/transfer', orders: '/api/orders' }

/** Takes all steps that fit a row. Returns their names, each with what was wrong, or `undefined`. */
export async function walk({ row, home, provider, ca }) {
  const over = row.transport ?? overHttp1
  const browser = () => new Browser((url, options) => over(url, { ...options, ca }))
  const paths = { ...usual, ...row.paths }
  const state = { home, provider, paths, browser, alice: browser(), bob: browser(), sockets: [] }
  const results = []
  for (const [name, attempt, kind] of steps) {
    if (kind !== undefined && !row.also?.includes(kind)) continue
    results.push({ name, wrong: await wrongWith(() => attempt(state)) })
  }
  for (const socket of state.sockets) socket.terminate()
  return results
}

async function wrongWith(attempt) {
  try {
    await attempt()
    return undefined
  } catch (error) {
    return `${error.message}${error.cause?.message ? `: ${error.cause.message}` : ''}`
      .replaceAll(/\s+/g, ' ')
      .slice(0, 300)
  }
}

/** Signs in at the pages of oidc-provider: first the person, then what the application may see. */
async function signIn(browser, start, login) {
  let page = await browser.navigate(start)
  for (let pages = 0; pages < 2 && page.status === 200 && page.text.includes('<form'); pages += 1) {
    page = await browser.submit(page, { login, password: 'any' })
  }
  return page
}

function expect({ status, text, url }, expected, words = '') {
  if (status === expected && text.includes(words)) return
  throw new Error(`${url.split('?')[0]} answered ${status} (${text.slice(0, 120)}), not ${expected} ${words}`)
}
