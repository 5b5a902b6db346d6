import { createBrowser } from '../harness/browser.js'
import { percentiles } from '../harness/http-load.js'

/**
 * Logs in `count` times, each time in a new browser, `width` at a time.
 *
 * @returns `rate`, logins per second, and `p50` and `p99`, the milliseconds that a person waits
 */
export async function logIn(port, issuer, { count, width }) {
  const origin = `http://127.0.0.1:${port}`
  const start = performance.now()
  const latencies = []
  let left = count
  const lane = async () => {
    while (left-- > 0) {
      const began = performance.now()
      const { answer, browser } = await attempt(origin, issuer)
      latencies.push(performance.now() - began)
      if (answer.status !== 302 || browser.jar.size === 0) throw new Error(`no login: ${answer.status}`)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  return { rate: (1000 * count) / (performance.now() - start), ...percentiles(latencies) }
}

/** Which of another state, another nonce and a bad signature make a session all the same; a good login must. */
export async function acceptedFlaws(port, issuer) {
  const origin = `http://127.0.0.1:${port}`
  if (!(await makesSession(origin, issuer))) throw new Error('a good login makes no session')
  const accepted = []
  const otherState = (callback) => callback.replace(/([?&]state=)[^&]+/, '$1another')
  if (await makesSession(origin, issuer, otherState)) accepted.push('another state')
  for (const [flaw, words] of [
    ['nonce', 'another nonce'],
    ['signature', 'a bad signature'],
  ]) {
    issuer.grants.spoil(flaw)
    if (await makesSession(origin, issuer)) accepted.push(words)
    issuer.grants.spoil(undefined)
  }
  return accepted
}

async function makesSession(origin, issuer, change = (callback) => callback) {
  const { browser } = await attempt(origin, issuer, change)
  return (await browser.open(`${origin}/api/orders`)).status === 200
}

// The authorization endpoint is asked without HTTP: it belongs to the provider, not to what is measured.
async function attempt(origin, { grants }, change = (callback) => callback) {
  const browser = createBrowser(origin)
  const { location } = await browser.open(`${origin}/login`)
  const answer = await browser.open(change(grants.authorize(new URL(location).searchParams)))
  return { answer, browser }
}
