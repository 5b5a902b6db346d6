import onHeaders from 'on-headers'
import { carried } from './secrets.js'

const named = /^(\/login|\/callback)\/[^/]+$/

/** @type {Readonly<Record<string, { title: string, why: string, begins?: boolean }>>} */
const arrivals = {
  '/login': {
    title: 'You press “Log in”',
    why: 'An ordinary page load. Nothing is known about you yet.',
    begins: true,
  },
  '/callback': {
    title: 'The provider sends you back',
    why: 'The address carries a code that works once. It is useless without two secrets that never left the app.',
  },
  '/try-api': {
    title: 'You ask the app to call an API',
    why: 'By a form. What the app does then is between servers.',
    begins: true,
  },
  '/sign-out-everywhere': {
    title: 'You press “Sign out everywhere”',
    why: 'The app asks the provider, which knows of all your sessions, not only of those here.',
    begins: true,
  },
  '/logout': { title: 'You press “Log out”', why: 'Asked for by a form on the app’s own page.', begins: true },
}

const choice = {
  title: 'You choose the provider',
  why: 'By a link: its address names where to sign in.',
}

const wayOn = {
  title: 'The page goes on by itself',
  why: 'To an address of the app that works once, in this browser. Only its redirect names the ID Token; no page does.',
}

/**
 * Records the browser's requests to the login routes, and the responses.
 *
 * @param {import('./timeline.js').Timeline} timeline
 * @returns {import('express').RequestHandler}
 */
export function recordBrowserSteps(timeline) {
  return (req, res, next) => {
    const arrival = isWayOn(req) ? wayOn : arrivalOf(req)
    if (arrival === undefined) {
      onHeaders(res, () => recordDetour(timeline, req, res))
      timeline.join(req, next)
      return
    }
    timeline.enter(req, res, () => {
      const query = new URL(req.originalUrl, 'http://localhost').searchParams
      const refused = query.has('error')
      timeline.add({
        from: 'browser',
        to: 'app',
        what: `${req.method} ${req.path}`,
        carried: carried(query),
        ...arrival,
        ...(refused ? { failed: true, why: 'No code this time: the provider says that the sign-in was refused.' } : {}),
      })
      onHeaders(res, () => timeline.add(answer(req.path.replace(named, '$1'), res)))
      next()
    })
  }
}

/** @param {import('express').Request} req */
function arrivalOf({ method, path, headers: { referer: referrer = '' } }) {
  // Viewing the page itself is not a step.
  if (path === '/try-api' && method !== 'POST') return undefined
  // The login has begun already with the page that the link is on.
  if (named.test(path) && new URL(referrer, 'http://localhost').pathname === '/login') return choice
  const common = path.replace(named, '$1')
  return Object.hasOwn(arrivals, common) ? arrivals[common] : undefined
}

/** @param {import('express').Request} req */
function isWayOn({ method, path, query }) {
  return method === 'GET' && path === '/logout' && query['continue'] !== undefined
}

/**
 * Records that a page redirected the browser to the login; nothing for any other response.
 *
 * @param {import('./timeline.js').Timeline} timeline
 * @param {import('express').Request} req
 * @param {import('express').Response} res
 */
function recordDetour(timeline, req, res) {
  if (!/^https?:/.test(String(res.getHeader('location') ?? ''))) return
  timeline.enter(req, res, () => {
    timeline.add({
      from: 'browser',
      to: 'app',
      what: `${req.method} ${req.path}`,
      title: `You open ${req.path}`,
      why: 'The page is for people who are signed in. The app remembers where you wanted to go.',
      carried: [],
      begins: true,
    })
    timeline.add(answer('/login', res))
  })
}

/**
 * @param {string} path
 * @param {import('express').Response} res
 * @returns {Omit<import('./timeline.js').Step, 'at'>}
 */
function answer(path, res) {
  const location = String(res.getHeader('location') ?? '')
  const what = `${res.statusCode}${location === '' ? '' : ` → ${location.split('?')[0]}`}`
  const base = {
    from: /** @type {const} */ ('app'),
    to: /** @type {const} */ ('browser'),
    what,
    ...(isFarewell(path, res) ? farewell : wording(path, location, res.statusCode)),
  }
  const query = location.includes('?') ? new URL(location, 'http://localhost').searchParams : []
  return { ...base, carried: [...carried(query), ...cookies(res)], failed: res.statusCode >= 400 }
}

const farewell = {
  title: 'Signed out here',
  why: 'The session cookie is gone. The answer is a page that goes on to the provider, not a redirect: browsers hold the redirects of a form to the page’s form-action.',
}

/**
 * @param {string} path
 * @param {import('express').Response} res
 */
function isFarewell(path, res) {
  return path === '/logout' && res.req.method === 'POST' && res.statusCode === 200
}

/**
 * @param {string} path
 * @param {string} location
 * @param {number} status
 */
function wording(path, location, status) {
  const leaves = /^https?:/.test(location)
  if (path === '/try-api') return { title: 'You see what the API said', why: 'The answer, and nothing of the token.' }
  if (path === '/login' && status === 200) {
    return { title: 'The app asks where', why: 'It trusts two providers. Nobody has been asked anything yet.' }
  }
  if (location === '') return { title: 'The app says why it did not work', why: 'No session begins.' }
  if (path === '/login') {
    return {
      title: 'The app sends you to the provider',
      why: 'With fresh random values for this one login: state ties the answer to this browser, nonce ties the ID Token to it, and the code challenge is the hash of a secret that the app keeps.',
    }
  }
  if (path === '/sign-out-everywhere') {
    return {
      title: 'Signed out, here and everywhere',
      why: 'The provider has ended all of your sessions and told every app that you used, this one too, by a signed logout token for each. Only that ended your sessions here.',
    }
  }
  if (path === '/logout') {
    return {
      title: leaves ? 'On to the provider' : 'Signed out',
      why: leaves
        ? 'The provider is asked to end its own session too, and to send you back.'
        : 'The session cookie is gone.',
    }
  }
  return {
    title: leaves ? 'The app tries once more' : 'You are in',
    why: leaves
      ? 'The login could not be finished, so a new one begins.'
      : 'A new session begins. Its cookie is encrypted; scripts cannot read it, and no token ever reaches the page.',
  }
}

/**
 * @param {import('express').Response} res
 * @returns {[string, string][]} Names and sizes of the cookies that a response sets or deletes.
 */
function cookies(res) {
  return [res.getHeader('set-cookie') ?? []].flat().map((line) => {
    const [pair = ''] = String(line).split(';', 1)
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals)
    const gone = equals === pair.length - 1 || /expires=Thu, 01 Jan 1970|max-age=0(;|$)/i.test(String(line))
    return [`cookie ${name}`, gone ? 'deleted' : `set, ${pair.length} bytes`]
  })
}
