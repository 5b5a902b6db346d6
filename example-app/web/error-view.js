/** @typedef {{ title: string, text: string, retry?: string }} ErrorView */

/** @type {Readonly<Record<string, ErrorView>>} */
const byCode = {
  access_denied: {
    title: 'Login cancelled',
    text: 'You said no at the provider, so nobody is signed in here. That is all that happened.',
    retry: 'Log in after all',
  },
  transaction_expired: {
    title: 'That took too long',
    text: 'A login has to be finished within ten minutes. Begin again, it is quick.',
    retry: 'Begin again',
  },
  transaction_used: {
    title: 'This login is over',
    text: 'The address in your browser was good for one login only, and that one is done. The Back button may have brought you here.',
    retry: 'Log in again',
  },
  not_allowed: { title: 'Not for you, sorry', text: 'You are signed in, but this page is for others.' },
  cross_site_request: {
    title: 'Not from over there',
    text: 'Another site tried to do this in your name. Nothing was done.',
  },
  access_token_expired: {
    title: 'Your access token has expired',
    text: 'It lives for a short time only. You are still signed in; a new login brings a new token.',
    retry: 'Log in again',
  },
  not_found: { title: 'There is no such page', text: 'Nothing is at this address. The tour has links to all pages.' },
  login_needed: { title: 'Log in first', text: 'This page is for people who are signed in.', retry: 'Log in' },
}

/** @type {Readonly<Record<string, ErrorView>>} */
const byKind = {
  transaction: {
    title: 'This login cannot be finished',
    text: 'Its beginning is not known in this browser: the cookie is gone, or it began elsewhere.',
    retry: 'Begin again',
  },
  provider: {
    title: 'The provider is not available',
    text: 'It did not answer, or with something that makes no sense. Sessions that exist go on; logging in has to wait.',
    retry: 'Try again',
  },
}

/**
 * What the error page says about an error: each thing once.
 *
 * @param {unknown} error
 * @returns {ErrorView & { status: number, code: string }}
 */
export function errorView(error) {
  const { status = 500, code = 'error', message = '', expose = false } = Object(error)
  const kind = /^(transaction|login_loop)/.test(code) ? 'transaction' : status >= 502 ? 'provider' : ''
  const view = byCode[code] ?? byKind[kind] ?? other(status, expose ? String(message) : '')
  return { ...view, status, code }
}

/**
 * @param {number} status
 * @param {string} message Empty unless it may be shown.
 * @returns {ErrorView}
 */
function other(status, message) {
  if (status >= 500) return { title: 'Something broke', text: 'It is our fault, not yours.' }
  const text = message === '' ? 'The request could not be accepted.' : sentence(message)
  return { title: 'That did not work', text }
}

/** @param {string} message Messages of errors begin with a small letter, and have no full stop. */
function sentence(message) {
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`
}
