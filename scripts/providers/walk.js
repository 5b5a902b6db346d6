import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { bearer, clientCredentials, oidc, requireAuth } from 'express-oidc'
import { Browser } from '../kit/browser.js'

/** What is tried with each provider, in this order. */
export const steps = [
  'metadata and keys are found',
  'a page behind a guard leads to the provider',
  'somebody signs in, and is back at that page',
  'who it is: `iss` and `sub`',
  'the access token',
  'userinfo, about the same person',
  'a second browser: the same `sub`',
  'a refresh',
  'a second refresh, with the successor',
  'ten requests at once, one refresh',
  'the first browser refreshes after the second has signed in',
  'silent login of somebody who is signed in there',
  'silent login of a stranger: no error page',
  'a response with another `state` is refused',
  '`maxAge`: the password is asked for again',
  'an API takes the access token',
  'an API refuses the ID Token',
  "a machine's token, known to be one",
  'logout, and back again',
  'after it the password is asked for',
]

const secret = 'a secret of this script, 32 characters at least'

/** Takes all steps with a provider that runs. Returns what came of each: `yes`, `–` for what it does not have, or why not. */
export async function walk(provider, home) {
  const application = await startApplication(provider, home)
  const state = { provider, home, application, first: new Browser(), second: new Browser() }
  const results = []
  try {
    for (const [index, attempt] of attempts.entries()) {
      const name = steps[index]
      if (provider.without?.includes(name)) results.push('–')
      else results.push(await outcome(() => attempt(state)))
    }
  } finally {
    application.close()
  }
  return results
}

async function outcome(attempt) {
  try {
    await attempt()
    return 'yes'
  } catch (error) {
    return `no: ${reasonIn(error).replaceAll(/\s+/g, ' ').replaceAll('|', '/').slice(0, 200)}`
  }
}

function reasonIn(error) {
  const reasons = []
  for (let one = error; one instanceof Error; one = one.cause) reasons.push(one.message)
  return reasons.join(' < ')
}

// A token that is younger than this is not renewed, so that slow requests of one moment share a refresh.
const youngSeconds = 5
const renewable = (youngSeconds + 1) * 1000

function check(condition, message) {
  if (!condition) throw new Error(message)
}

const attempts = [
  ({ application }) => application.login.ready(),
  async (state) => {
    const { location = '' } = await state.first.ask(`${state.home}/private`)
    check(!location.startsWith(state.home), `it leads to ${location || 'nowhere'}`)
  },
  async (state) => {
    const page = await signIn(state, state.first, `${state.home}/private`)
    const ended = `it ended at ${page.url.split('?')[0]} (${page.status} ${page.text.slice(0, 120)})`
    check(page.status === 200 && page.url === `${state.home}/private`, ended)
  },
  async (state) => {
    const { user } = await read(state, state.first, '/me')
    check(user?.iss === state.provider.options.issuer && typeof user.sub === 'string', JSON.stringify(user))
    state.sub = user.sub
    state.idToken = (await read(state, state.first, '/kept')).idToken
  },
  async (state) => {
    const { token } = await read(state, state.first, '/token')
    check(typeof token === 'string', 'there is none')
  },
  async (state) => {
    const { claims, code } = await read(state, state.first, '/userinfo')
    check(claims !== undefined && claims.sub === state.sub, code ?? JSON.stringify(claims))
  },
  async (state) => {
    // Within one second, some make the same token twice.
    await pause(1100)
    await signIn(state, state.second, `${state.home}/private`)
    const { user } = await read(state, state.second, '/me')
    check(user !== null && user.sub === state.sub, JSON.stringify(user))
  },
  (state) => refresh(state, state.second),
  (state) => refresh(state, state.second),
  async (state) => {
    await pause(renewable)
    const many = await Promise.all(Array.from({ length: 10 }, () => read(state, state.second, '/token?fresh')))
    const [one, ...more] = new Set(many.map(({ token, code }) => token ?? code))
    check(more.length === 0 && many[0].token !== undefined, `${1 + more.length} answers, such as ${one?.slice(0, 24)}`)
  },
  (state) => refresh(state, state.first),
  async (state) => {
    state.second.forget('oidc_')
    const there = await state.second.navigate(`${state.home}/login?prompt=none&returnTo=/me`, {
      stop: `${state.home}/callback`,
    })
    const { searchParams } = new URL(there.location ?? there.url)
    await state.second.navigate(there.location ?? there.url)
    const { user } = await read(state, state.second, '/me')
    const answer = `${searchParams.get('error') ?? 'no error'} ${searchParams.get('error_description') ?? ''}`
    check(user?.sub === state.sub, `nobody is signed in: ${answer}`)
  },
  async (state) => {
    const page = await new Browser().navigate(`${state.home}/login?prompt=none&returnTo=/me`)
    check(
      page.status === 200 && page.url === `${state.home}/me`,
      `it ended at ${page.url.slice(0, 60)} (${page.status})`,
    )
  },
  async (state) => {
    const browser = new Browser()
    const back = await toCallback(state, browser, `${state.home}/login`)
    const forged = new URL(back)
    forged.searchParams.set('state', 'another')
    await browser.navigate(forged.href)
    const { user } = await read(state, browser, '/me')
    check(user === null, 'somebody is signed in')
  },
  async (state) => {
    const { user: before } = await read(state, state.first, '/me')
    await pause(2000)
    await signIn(state, state.first, `${state.home}/fresh`, true)
    const { user } = await read(state, state.first, '/me')
    check(user?.sub === state.sub, 'nobody is signed in')
    check(user.auth_time >= (before.auth_time ?? 0), 'auth_time is older')
  },
  async (state) => {
    // Not the first one: some void a token as soon as there is a newer one.
    const { token } = await read(state, state.first, '/token')
    const { status, text } = await presented(state, token)
    check(status === 200 && JSON.parse(text).subject !== undefined, reasonOf(state))
  },
  async (state) => {
    const { status } = await presented(state, state.idToken)
    check(status === 401, `it answered ${status}`)
  },
  async (state) => {
    const { clientId, clientSecret, issuer } = state.provider.options
    const source = clientCredentials({ issuer, clientId, clientSecret, ...state.provider.machine })
    const token = await source.getToken()
    const { status, text } = await presented(state, token)
    check(status === 200, reasonOf(state))
    check(JSON.parse(text).isMachine === true, `isMachine is ${JSON.parse(text).isMachine}`)
  },
  async (state) => {
    let page = await state.first.navigate(`${state.home}/logout`)
    for (let pages = 0; pages < 3 && !page.url.startsWith(state.home); pages += 1) {
      page = await (state.provider.confirmLogout?.(state.first, page) ?? state.first.submit(page, {}))
    }
    check(page.url === `${state.home}/`, `it ended at ${page.url.slice(0, 60)} (${page.status})`)
    const { user } = await read(state, state.first, '/me')
    check(user === null, 'somebody is still signed in')
  },
  async (state) => {
    const page = await state.first.navigate(`${state.home}/private`, { stop: `${state.home}/callback` })
    check(page.location === undefined, 'the provider still knows the person')
  },
]

async function refresh(state, browser) {
  const before = await read(state, browser, '/token')
  await pause(renewable)
  const { token, code } = await read(state, browser, '/token?fresh')
  check(token !== undefined, code)
  check(token !== before.token, 'the same token came back')
}

async function read(state, browser, path) {
  const { text } = await browser.ask(state.home + path)
  return JSON.parse(text)
}

async function signIn(state, browser, start, again = false) {
  const back = await toCallback(state, browser, start, again)
  return browser.navigate(back)
}

/** Goes through the provider's pages, and stops in front of the callback. */
async function toCallback({ provider, home }, browser, start, again = false) {
  const stop = `${home}/callback`
  let page = await browser.navigate(start, { stop })
  let asked = false
  for (let pages = 0; pages < 8; pages += 1) {
    if (page.location?.startsWith(stop)) {
      check(asked || !again, 'no password was asked for')
      return page.location
    }
    asked = true
    page = await provider.fill(browser, page, { stop })
  }
  throw new Error(`no way through the provider's pages: ${page.url.slice(0, 80)} (${page.status})`)
}

const presented = ({ home }, token) =>
  new Browser().ask(`${home}/api`, { headers: { authorization: `Bearer ${token}` } })
const reasonOf = ({ application }) => application.reason ?? 'it was refused'

async function startApplication(provider, home) {
  const kept = {}
  const login = oidc({
    baseUrl: home,
    secret,
    ...provider.options,
    onLogin: ({ idToken }) => void (kept.idToken = idToken),
  })
  const application = { login, close: () => undefined, reason: undefined }
  const api = bearer({
    ...provider.api,
    onError: (error, { next }) => {
      application.reason = error.cause?.message ?? error.message
      next(error)
    },
  })
  const pages = {
    '/private': (req, res) =>
      requireAuth()(
        req,
        res,
        unlessFailed(res, () => res.end('private')),
      ),
    '/me': (req, res) => json(res, { user: req.oidc.user ?? null }),
    '/kept': (_req, res) => json(res, kept),
    '/token': (req, res) => tried(res, async () => ({ token: await req.oidc.accessToken() })),
    '/token?fresh': (req, res) => tried(res, () => freshToken(req, provider)),
    '/userinfo': (req, res) => tried(res, async () => ({ claims: await req.oidc.userinfo() })),
    '/fresh': (req, res) =>
      void req.oidc.login({ maxAge: 1, returnTo: '/private' }).catch((error) => json(res, { code: error.code })),
  }
  const server = createServer((req, res) => {
    if (req.url === '/api') {
      api(
        req,
        res,
        unlessFailed(res, () => json(res, req.auth)),
      )
      return
    }
    login(
      req,
      res,
      unlessFailed(res, () => (pages[req.url] ?? homePage)(req, res)),
    )
  })
  await new Promise((resolve) => server.listen(Number(new URL(home).port), '127.0.0.1', resolve))
  application.close = () => {
    login.close()
    api.close()
    server.close()
    server.closeAllConnections()
  }
  return application
}

/** A token that is not the one from before, whichever of its lifetimes that had. */
async function freshToken(req, { lifetimeSeconds }) {
  let token
  for (const seconds of [lifetimeSeconds].flat()) token = await req.oidc.accessToken({ minTtl: seconds - youngSeconds })
  return { token }
}

const homePage = (_req, res) => res.end('home')

function unlessFailed(res, next) {
  return (error) => {
    if (error === undefined) next()
    else res.writeHead(error.status ?? 500).end(error.message)
  }
}

function json(res, value) {
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify(value))
}

async function tried(res, work) {
  try {
    json(res, await work())
  } catch (error) {
    json(res, { code: error.code ?? error.message })
  }
}
