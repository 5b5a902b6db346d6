import { cookieHeader, createBrowser, get } from '../harness/browser.js'

const atOnce = 8

/**
 * Begins a session as a browser does, and lets it in when it is really read: it names the person, none is missing, and one
 * whose cookie was altered is refused.
 *
 * @returns `{ cookie, setCookieBytes }`, the latter of an answer to which nothing was due; or `{ problem }`
 */
async function beginSession({ start }, port, sub) {
  const origin = `http://127.0.0.1:${port}`
  const browser = createBrowser(origin)
  await browser.visit(origin + start, `${origin}/`)
  const ask = (cookies) => readOrders(origin, cookies)
  const cookies = await needed([...browser.jar], ask)
  if ((await ask([])).status !== 401) return { problem: 'lets requests in that have no session' }
  const answer = await ask(cookies)
  if (answer.status !== 200 || answer.sub !== sub) return { problem: `does not read the session: ${answer.status}` }
  // Also what the contender has cached by then.
  for (let i = 0; i < 3; i++) await ask(cookies)
  for (const position of [0.2, 0.5, 0.8])
    if ((await ask(altered(cookies, position))).status !== 401) return { problem: 'takes an altered cookie' }
  return { cookie: cookieHeader(cookies), setCookieBytes: answer.setCookieBytes }
}

/**
 * Begins so many sessions, the first as above.
 *
 * @returns `{ cookies, setCookieBytes }`, or `{ problem }`
 */
export async function beginSessions(contender, port, sub, count) {
  const first = await beginSession(contender, port, sub)
  if (first.problem !== undefined) return first
  const names = new Set(first.cookie.split('; ').map((pair) => pair.slice(0, pair.indexOf('='))))
  const origin = `http://127.0.0.1:${port}`
  const cookies = [first.cookie]
  const begin = async () => {
    while (cookies.length < count) {
      const at = cookies.push('') - 1
      const browser = createBrowser(origin)
      await browser.visit(origin + contender.start, `${origin}/`)
      cookies[at] = cookieHeader([...browser.jar].filter(([name]) => names.has(name)))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, begin))
  return { cookies, setCookieBytes: first.setCookieBytes }
}

async function readOrders(origin, cookies) {
  const cookie = cookieHeader(cookies)
  const { status, body, setCookies } = await get(`${origin}/api/orders`, cookie === '' ? {} : { cookie })
  const bytes = setCookies.reduce((sum, one) => sum + one.length, 0)
  return { status, sub: status === 200 ? JSON.parse(body).sub : undefined, setCookieBytes: bytes }
}

// Short-lived cookies of a login, such as the loop counter, are not part of the session.
async function needed(cookies, ask) {
  const kept = []
  for (const cookie of cookies)
    if ((await ask(cookies.filter((other) => other !== cookie))).status !== 200) kept.push(cookie)
  return kept
}

function altered(cookies, position) {
  const [longest] = [...cookies].sort(([, a], [, b]) => b.length - a.length)
  const [name, value] = longest
  const begin = value.slice(0, Math.floor(value.length * position))
  const end = value.slice(begin.length)
  const index = end.search(/[A-Za-z]{2}/)
  const letter = end[index] === 'A' ? 'B' : 'A'
  return cookies.map((cookie) =>
    cookie[0] === name ? [name, begin + end.slice(0, index) + letter + end.slice(index + 1)] : cookie,
  )
}
