import { Agent, request } from 'node:http'
import { pipeline } from 'node:stream'

// A new connection each time: one that is kept may belong to a process that has just died.
const agent = new Agent({ keepAlive: false })
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const kinds = ['document', 'style', 'empty']
const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * A load balancer as small as can be: processes take turns, and where one is dead the next one is asked.
 *
 * @param {() => readonly number[]} ports Of the processes that run, on loopback.
 * @returns {import('node:http').RequestListener}
 */
export function proxy(ports) {
  // Pages, styles and streams take turns apart: a page with an even number of parts would always come from the same process.
  /** @type {Map<unknown, number>} */
  const turns = new Map()
  return (req, res) => {
    const all = ports()
    const kind = kinds.find((known) => known === req.headers['sec-fetch-dest'])
    const turn = (turns.get(kind) ?? 0) + 1
    turns.set(kind, turn)
    const order = all.map((_, index) => Number(all[(turn + index) % all.length]))
    forward(req, res, order)
  }
}

/**
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {readonly number[]} order
 */
function forward(req, res, [port, ...others]) {
  if (port === undefined) return refuse(res)
  const { method = 'GET', url: path, headers } = req
  const upstream = request({ agent, host: '127.0.0.1', port, method, path, headers: withoutHops(headers) })
  // Once a process may have begun to act on a request, asking another one could do it twice.
  let hasBegun = false
  const send = () => {
    hasBegun = !safe.has(method)
    if (hasBody(req)) req.pipe(upstream)
    else upstream.end()
  }
  upstream.once('socket', (socket) => void (socket.connecting ? socket.once('connect', send) : send()))
  upstream.once('response', (answer) => {
    res.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers))
    res.flushHeaders()
    pipeline(answer, res, () => {})
  })
  // After it is destroyed it may emit another error, which needs a listener.
  upstream.on('error', () => {})
  upstream.once('error', () => {
    if (res.headersSent || res.destroyed) res.destroy()
    else if (hasBegun || (hasBody(req) && req.readableDidRead)) refuse(res)
    else forward(req, res, others)
  })
  res.once('close', () => upstream.destroy())
}

/** @param {import('node:http').IncomingMessage} req */
function hasBody({ headers }) {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** @param {import('node:http').IncomingHttpHeaders} headers */
function withoutHops(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)))
}

/** @param {import('node:http').ServerResponse} res */
function refuse(res) {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', 'Retry-After': '2' }
  res.writeHead(503, headers).end('No process of the app answers. If all of them were stopped, start the demo again.\n')
}
