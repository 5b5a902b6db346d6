import { shorten } from './secrets.js'

/**
 * A `fetch` that records the application's requests to an API, and the responses.
 *
 * @param {import('./timeline.js').Timeline} timeline
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {typeof globalThis.fetch}
 */
export function recordingApiFetch(timeline, fetch = globalThis.fetch) {
  return async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    const authorization = new Headers(init?.headers).get('authorization')
    const [scheme = '', token = ''] = authorization?.split(' ') ?? []
    timeline.add({
      from: 'app',
      to: 'api',
      what: `${init?.method ?? 'GET'} ${pathname}`,
      title: 'The app calls the API',
      why: authorization === null ? 'Without any token.' : 'Server to server: the token never comes near the browser.',
      carried: authorization === null ? [] : [['Authorization', `${scheme} ${shorten(token)}`]],
    })
    const response = await fetch(input, init)
    const challenge = response.headers.get('www-authenticate')
    timeline.add({
      from: 'api',
      to: 'app',
      what: String(response.status),
      title: response.ok ? 'The API answers' : 'The API refuses',
      why: response.ok
        ? 'It has checked the token: signature, issuer, audience, expiry, scope.'
        : 'Its challenge says what is wrong with what was brought.',
      carried: challenge === null ? [] : [['WWW-Authenticate', challenge]],
      failed: !response.ok,
    })
    return response
  }
}
