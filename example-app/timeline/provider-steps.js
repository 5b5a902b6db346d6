import { carried, shorten } from './secrets.js'

/** @typedef {{ title: string, why: string, answer: string }} Wording */
/** @typedef {{ issuer: string, label: string }} Label */

/** @type {Readonly<Record<'metadata' | 'keys' | 'code' | 'refresh' | 'machine' | 'exchange' | 'push' | 'everywhere' | 'report' | 'other', Wording>>} */
const wordings = {
  metadata: {
    title: 'The app asks the provider how it works',
    why: 'Where to send people, where to get tokens, where the keys are. Asked once, then remembered.',
    answer: 'The provider’s metadata',
  },
  keys: {
    title: 'The app fetches the provider’s public keys',
    why: 'Needed to check the signature of the ID Token. Remembered too.',
    answer: 'Public keys',
  },
  code: {
    title: 'The app trades the code for tokens',
    why: 'Server to server, past the browser. The client secret says who asks, the code verifier proves that it is the app that began this login.',
    answer: 'Tokens',
  },
  refresh: {
    title: 'The app renews its tokens',
    why: 'The refresh token is spent and replaced by a new one.',
    answer: 'New tokens',
  },
  machine: {
    title: 'The app asks for a token of its own',
    why: 'With its own credentials: there is no person behind it, and no session.',
    answer: 'A token for a machine',
  },
  exchange: {
    title: 'The app exchanges your token',
    why: 'For one that is about you too, and good for the second service alone.',
    answer: 'A token for the second service',
  },
  push: {
    title: 'The app hands its request to the provider',
    why: 'Pushed ahead, so that the browser carries a reference only.',
    answer: 'A reference',
  },
  everywhere: {
    title: 'The app asks the provider to end all sessions of yours',
    why: 'No standard says how: this is the demo provider’s own way. The calls that follow from it are standard.',
    answer: 'Done: so many sessions, so many apps told',
  },
  report: {
    title: 'The app reports your other browsers as stolen',
    why: 'No standard says how. What follows is standard: the transmitter pushes a signed security event to the app, about each, which ends that session.',
    answer: 'Done: so many sessions, so many events taken',
  },
  other: {
    title: 'The app asks the provider',
    why: 'One more request, server to server.',
    answer: 'The provider answers',
  },
}

/** @type {Omit<import('./timeline.js').Step, 'at'>} */
const silence = {
  from: 'provider',
  to: 'app',
  what: 'no answer',
  title: 'The provider does not answer',
  why: 'An outage is not your fault: nobody is signed out by it.',
  carried: [],
  failed: true,
}

/**
 * A `fetch` that records the application's requests to the provider, and the responses.
 *
 * @param {import('./timeline.js').Timeline} timeline
 * @param {{ fetch?: typeof globalThis.fetch, labels?: readonly Label[] }} [options]
 * @returns {typeof globalThis.fetch}
 */
export function recordingFetch(timeline, { fetch = globalThis.fetch, labels = [] } = {}) {
  return async (input, init) => {
    const request = new URL(input instanceof Request ? input.url : input)
    const method = init?.method ?? 'GET'
    const form = formOf(init?.body)
    const kind = kindOf(request, form)
    timeline.add({
      from: 'app',
      to: 'provider',
      what: `${method} ${request.pathname}${placeOf(request, labels)}`,
      title: wordings[kind].title,
      why: wordings[kind].why,
      carried: [...carried(form), ...credentials(init?.headers)],
    })
    const response = await fetch(input, init).catch((error) => {
      timeline.add(silence)
      throw error
    })
    const body = await bodyOf(response)
    timeline.add({
      from: 'provider',
      to: 'app',
      what: String(response.status),
      title: response.ok ? wordings[kind].answer : 'The provider refuses',
      why: response.ok ? answerWhy(kind) : 'The app keeps the reason for its logs and shows none of it.',
      carried: contents(body),
      failed: !response.ok,
    })
    return response
  }
}

/**
 * Which of several providers is asked.
 *
 * @param {URL} url
 * @param {readonly Label[]} labels
 */
function placeOf({ origin }, labels) {
  const known = labels.find(({ issuer }) => new URL(issuer).origin === origin)
  return known ? ` at ${known.label}` : ''
}

/**
 * @param {URL} url
 * @param {URLSearchParams} form
 * @returns {keyof typeof wordings}
 */
function kindOf(url, form) {
  if (url.pathname.includes('/.well-known/')) return 'metadata'
  if (form.get('grant_type') === 'authorization_code') return 'code'
  if (form.get('grant_type') === 'refresh_token') return 'refresh'
  if (form.get('grant_type') === 'client_credentials') return 'machine'
  if (form.get('grant_type')?.endsWith(':token-exchange')) return 'exchange'
  if (form.has('code_challenge')) return 'push'
  if (url.pathname.endsWith('/sign-out-everywhere')) return 'everywhere'
  if (url.pathname.endsWith('/ssf/report')) return 'report'
  return /jwks|keys|certs/.test(url.pathname) ? 'keys' : 'other'
}

/** @param {keyof typeof wordings} kind */
function answerWhy(kind) {
  if (kind === 'code' || kind === 'refresh') {
    return 'The app checks the ID Token before it believes a word of it: signature, issuer, audience, expiry, nonce.'
  }
  return 'Kept by the app; the browser gets none of it.'
}

/**
 * @param {unknown} body
 * @returns {URLSearchParams}
 */
function formOf(body) {
  return body instanceof URLSearchParams || typeof body === 'string' ? new URLSearchParams(body) : new URLSearchParams()
}

/**
 * @param {RequestInit['headers']} headers
 * @returns {[string, string][]}
 */
function credentials(headers) {
  const authorization = new Headers(headers).get('authorization')
  if (authorization === null) return []
  const [scheme = '', value = ''] = authorization.split(' ')
  return [['Authorization', `${scheme} ${shorten(value)}`]]
}

/**
 * @param {Response} response
 * @returns {Promise<Record<string, unknown>>} The JSON object in the body; empty when there is none.
 */
async function bodyOf(response) {
  const value = await response
    .clone()
    .json()
    .catch(() => undefined)
  return typeof value === 'object' && value !== null ? /** @type {Record<string, unknown>} */ (value) : {}
}

const metadataShown = ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'end_session_endpoint']

/**
 * @param {Record<string, unknown>} body
 * @returns {[string, string][]}
 */
function contents(body) {
  if (Array.isArray(body.keys)) return body.keys.map((key) => [`key ${key.kid}`, `${key.kty} for ${key.alg}`])
  const entries = Object.entries(body)
  return carried('token_endpoint' in body ? entries.filter(([name]) => metadataShown.includes(name)) : entries)
}
