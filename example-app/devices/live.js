import { deviceRows } from './devices.js'
import { render } from '../web/render.js'

const beatMilliseconds = 10_000

/**
 * `GET /live`: tells a page, as Server-Sent Events, what changes for the person who looks at it, and ends with the session.
 *
 * The login middleware knows whose stream it is; `authenticate()` of it says when that ends.
 *
 * @param {import('express-oidc').OidcMiddleware<unknown>} login
 * @param {import('./board.js').Board} board
 * @param {import('lru-cache').LRUCache<string, number>} heard
 * @param {import('../web/pages.js').Processes} [processes]
 * @returns {import('express').RequestHandler}
 */
export function liveStream(login, board, heard, processes) {
  board.listen(({ heard: news }) => void (news && heard.set(news.sid, news.at)))

  return async (req, res) => {
    const send = open(res)
    const connection = await login.authenticate(req)
    // No 401: a page cannot see the status of a stream, and would ask again and again.
    if (connection === undefined) return end(res, { code: 'session_missing' })
    const { signal, principal } = connection
    const { claims, subject } = principal
    const { sessions } = req.oidc
    const list = async () => send('devices', render('parts/devices', { devices: deviceRows(await sessions.list()) }))
    const over = (/** @type {string} */ code) => {
      const at = heard.get(String(claims.sid))
      end(res, { code, ...(at === undefined ? {} : { after: Date.now() - at }) })
    }
    // The other process may have ended the session: the signal notices within seconds, a new check at once.
    const stopListening = board.listen((news) => {
      if (news.subject !== subject) return
      login
        .authenticate(req)
        .then((still) => (still ? list() : over('session_missing')))
        .catch(ignore)
    })
    // Sessions also expire, which is not announced. The message also keeps proxies from closing an idle connection.
    const beat = setInterval(() => void list().catch(ignore), beatMilliseconds)
    signal.addEventListener('abort', () => over(String(Object(signal.reason).code)))
    res.once('close', () => {
      clearInterval(beat)
      stopListening()
    })
    send('process', { pid: process.pid, running: processes?.running() ?? [] })
    await list()
  }
}

/** An outage of the memory ends no stream. */
const ignore = () => {}

/** @param {import('express').Response} res */
function open(res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  res.write('retry: 500\n\n')
  return (/** @type {string} */ event, /** @type {unknown} */ data) =>
    void (res.writableEnded || res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))
}

/**
 * @param {import('express').Response} res
 * @param {{ code: string, after?: number }} data
 */
function end(res, data) {
  if (!res.writableEnded) res.end(`event: over\ndata: ${JSON.stringify(data)}\n\n`)
}
