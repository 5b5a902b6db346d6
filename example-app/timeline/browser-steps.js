import onHeaders from 'on-headers'
import { arrivalOf, stopOf } from './arrivals.js'
import { carried } from './secrets.js'
import { wordingOf } from './wording.js'

/**
 * Records the browser's requests that do something, and the responses.
 *
 * @param {import('./timeline.js').Timeline} timeline
 * @returns {import('express').RequestHandler}
 */
export function recordBrowserSteps(timeline) {
  return (req, res, next) => {
    const arrival = arrivalOf(req)
    // A router that handles it shortens the path.
    const { path } = req
    if (arrival === undefined) {
      onHeaders(res, () => recordDetour(timeline, path, req, res))
      timeline.join(req, next)
      return
    }
    timeline.enter(req, res, () => {
      const query = new URL(req.originalUrl, 'http://localhost').searchParams
      const refused = query.has('error')
      timeline.add({
        from: 'browser',
        to: 'app',
        what: `${req.method} ${path}`,
        carried: carried(query),
        ...arrival,
        ...(refused ? { failed: true, why: 'No code this time: the provider says that the sign-in was refused.' } : {}),
      })
      onHeaders(res, () => timeline.add(answer(path, res)))
      next()
    })
  }
}

/**
 * Records that a page redirected the browser to the login; nothing for any other response.
 *
 * @param {import('./timeline.js').Timeline} timeline
 * @param {string} path
 * @param {import('express').Request} req
 * @param {import('express').Response} res
 */
function recordDetour(timeline, path, req, res) {
  if (!/^https?:/.test(String(res.getHeader('location') ?? ''))) return
  timeline.enter(req, res, () => {
    timeline.add({
      from: 'browser',
      to: 'app',
      what: `${req.method} ${path}`,
      title: `You open ${path}`,
      why: 'Its guard asks for a login. The app remembers where you wanted to go.',
      carried: [],
      begins: { title: 'Login', stop: stopOf(path), isLogin: true },
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
  const query = location.includes('?') ? new URL(location, 'http://localhost').searchParams : []
  return {
    from: 'app',
    to: 'browser',
    what: `${res.statusCode}${location === '' ? '' : ` → ${location.split('?')[0]}`}`,
    ...wordingOf(path, location, res),
    carried: [...carried(query), ...cookies(res)],
    failed: res.statusCode >= 400,
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
