import { commonRoute } from './arrivals.js'

/** @typedef {{ title: string, why: string }} Wording */

/** @type {Wording} */
const farewell = {
  title: 'Signed out here',
  why: 'The session cookie is gone. The answer is a page that goes on to the provider, not a redirect: browsers hold the redirects of a form to the page’s form-action.',
}

/** @type {Readonly<Record<'page' | 'failure' | 'toProvider' | 'choice' | 'everywhere' | 'onToProvider' | 'signedOut' | 'again' | 'in', Wording>>} */
const wordings = {
  page: { title: 'You see what came of it', why: 'The page has the answers, and nothing of a token.' },
  failure: { title: 'The app says why it did not work', why: 'No session begins.' },
  toProvider: {
    title: 'The app sends you to the provider',
    why: 'With fresh random values for this one login: state ties the answer to this browser, nonce ties the ID Token to it, and the code challenge is the hash of a secret that the app keeps.',
  },
  choice: { title: 'The app asks where', why: 'It trusts two providers. Nobody has been asked anything yet.' },
  everywhere: {
    title: 'Signed out, here and everywhere',
    why: 'The provider has ended all of your sessions and told every app that you used, this one too, by a signed logout token for each. Only that ended your sessions here.',
  },
  onToProvider: {
    title: 'On to the provider',
    why: 'The provider is asked to end its own session too, and to send you back.',
  },
  signedOut: { title: 'Signed out', why: 'The session cookie is gone.' },
  again: { title: 'The app tries once more', why: 'The login could not be finished, so a new one begins.' },
  in: {
    title: 'You are in',
    why: 'A new session begins. Its cookie is encrypted; scripts cannot read it, and no token ever reaches the page.',
  },
}

/**
 * What a response means.
 *
 * @param {string} path
 * @param {string} location
 * @param {import('express').Response} res
 * @returns {Wording}
 */
export function wordingOf(path, location, res) {
  const route = commonRoute(path)
  const leaves = /^https?:/.test(location)
  if (route === '/logout' && res.req.method === 'POST' && res.statusCode === 200) return farewell
  if (path.startsWith('/tour/') && route === path) return wordings.page
  if (route === '/login' && res.statusCode === 200) return wordings.choice
  if (location === '') return wordings.failure
  if (route === '/login') return wordings.toProvider
  if (route === '/sign-out-everywhere') return wordings.everywhere
  if (route === '/logout') return leaves ? wordings.onToProvider : wordings.signedOut
  return leaves ? wordings.again : wordings.in
}
