import { otherBrowser } from './other-browser.js'

/** @typedef {import('./other-browser.js').OtherBrowser} OtherBrowser */

/**
 * Signs one of the demo's people in with a browser of its own, from the first page load to the last redirect.
 *
 * @param {string} app Base URL.
 * @param {string} account
 * @param {{ returnTo?: string, stopAtCallback?: boolean, agent?: string }} [options] With `stopAtCallback`, the address with the code
 *   is not opened: the visit's `location` has it.
 * @returns {Promise<{ browser: OtherBrowser, end: import('./other-browser.js').Visit }>}
 */
export async function signIn(app, account, { returnTo = '/me', stopAtCallback = false, agent } = {}) {
  const browser = otherBrowser(agent)
  const question = await browser.open(`${app}/login?${new URLSearchParams({ returnTo })}`)
  const until = (/** @type {string} */ url) => stopAtCallback && url.startsWith(`${app}/callback`)
  const end = await browser.open(`${question.url}/login`, { method: 'POST', form: { account }, until })
  return { browser, end }
}

/**
 * Who the application takes a browser for: 401 where it takes it for nobody's.
 *
 * @param {string} app
 * @param {OtherBrowser} browser
 * @param {Record<string, string>} [headers]
 * @returns {Promise<{ status: number, name: string }>}
 */
export async function whoIs(app, browser, headers = {}) {
  const { status, body } = await browser.send(`${app}/me`, { headers: { Accept: 'application/json', ...headers } })
  const { name = '', code = '' } = Object(JSON.parse(body || '{}'))
  return { status, name: String(name || code) }
}

/**
 * Signs out again, so that nothing of a try stays in the lists of sessions.
 *
 * @param {string} app
 * @param {OtherBrowser} browser
 */
export async function signOut(app, browser) {
  await browser.send(`${app}/logout`, { method: 'POST', headers: { Origin: new URL(app).origin } })
}
