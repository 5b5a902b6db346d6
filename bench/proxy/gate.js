import { cookieHeader, createBrowser, get } from '../harness/browser.js'
import { hasSessions } from './contenders.js'

/**
 * Signs in where there are sessions, and lets a proxy in when it does its work: with a session the API gets a token, without one, or
 * without the header of csrf(), it gets nothing.
 *
 * @returns `{ cookie }`, or `{ problem }`
 */
export async function enter(contender, port) {
  const origin = `http://127.0.0.1:${port}`
  const ask = (headers) => get(`${origin}/api/orders`, headers)
  if (!hasSessions(contender)) {
    const { status } = await ask({ 'x-csrf': '1' })
    return status === 200 ? {} : { problem: `answers with ${status}` }
  }
  const browser = createBrowser(origin)
  await browser.visit(`${origin}/login`, `${origin}/`)
  const cookie = cookieHeader([...browser.jar])
  const answer = await ask({ cookie, 'x-csrf': '1' })
  if (answer.status !== 200 || !answer.body.includes('order 19')) return { problem: `answers with ${answer.status}` }
  if ((await ask({ 'x-csrf': '1' })).status !== 401) return { problem: 'lets requests in that have no session' }
  if (contender.kind === 'ours' && (await ask({ cookie })).status !== 403)
    return { problem: 'does not look for the header' }
  return { cookie }
}
