import { stops } from '../tour/stops.js'

/** @typedef {{ title: string, why: string, begins?: import('./timeline.js').Beginning }} Arrival */

/** @type {Readonly<Record<string, Arrival>>} */
const arrivals = {
  '/login': {
    title: 'You press “Log in”',
    why: 'An ordinary page load. Nothing is known about you yet.',
    begins: { title: 'Login', isLogin: true },
  },
  '/callback': {
    title: 'The provider sends you back',
    why: 'The address carries a code that works once. It is useless without two secrets that never left the app.',
  },
  '/sign-out-everywhere': {
    title: 'You press “Sign out everywhere”',
    why: 'The app asks the provider, which knows of all your sessions, not only of those here.',
    begins: { title: 'Sign out everywhere', stop: 'devices' },
  },
  '/logout': {
    title: 'You press “Log out”',
    why: 'Asked for by a form on the app’s own page.',
    begins: { title: 'Logout' },
  },
}

/** @type {Arrival} */
const wayOn = {
  title: 'The page goes on by itself',
  why: 'To an address of the app that works once, in this browser. Only its redirect names the ID Token; no page does.',
}

/**
 * What a request of the browser means, if it is a step of a flow: viewing a page is none.
 *
 * @param {import('express').Request} req
 * @returns {Arrival | undefined}
 */
export function arrivalOf({ method, path, query }) {
  if (method === 'GET' && path === '/logout' && query['continue'] !== undefined) return wayOn
  const stop = method === 'POST' ? stops.find(({ id }) => path === `/tour/${id}`) : undefined
  if (stop !== undefined) {
    const { id, title, button = '', step = 'By a form. What the app does then is between servers.' } = stop
    return { title: `You press “${button}”`, why: step, begins: { title, stop: id } }
  }
  const arrival = Object.entries(arrivals).find(([route]) => route === commonRoute(path))?.[1]
  return arrival?.begins && stopOf(path) !== undefined
    ? { ...arrival, begins: { ...arrival.begins, stop: stopOf(path) } }
    : arrival
}

/**
 * The stop of the tour that a path is of.
 *
 * @param {string} path
 * @returns {string | undefined}
 */
export function stopOf(path) {
  return /^\/tour\/([\w-]+)/.exec(path)?.[1]
}

/**
 * The route of the login middleware: without the stop that has a login of its own, and without the provider's name.
 *
 * @param {string} path
 */
export function commonRoute(path) {
  return path.replace(/^\/tour\/[\w-]+(?=\/)/, '').replace(/^(\/login|\/callback)\/[^/]+$/, '$1')
}
