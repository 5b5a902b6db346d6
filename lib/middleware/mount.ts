import { ConfigurationError } from '../errors.js'
import type { BaseUrl } from '../relying-party/base-url.js'
import { readMember } from './http/request-property.js'
import type { NodeRequest } from './types.js'

/** The path that the middleware is mounted at, as its framework has taken it off `req.url`; empty where it is at none. */
export function mountPathOf(req: NodeRequest): string {
  const [original, url] = [readMember(req, 'originalUrl'), readMember(req, 'url')]
  if (original === undefined || url === undefined || original === url) return ''
  // Express says it; elsewhere it is what is missing.
  const baseUrl: unknown = Reflect.get(req, 'baseUrl')
  if (typeof baseUrl === 'string') return baseUrl
  const [whole, rest] = [pathOf(original), pathOf(url)]
  if (rest === '/' && !whole.endsWith('/')) return whole
  return whole.endsWith(rest) ? whole.slice(0, -rest.length) : ''
}

/** Whether the callback comes to a middleware that is mounted there. Behind a proxy its path may be without the first segments. */
export function isFittingMount(mount: string, { paths, prefix, arrivals }: BaseUrl): boolean {
  if (mount === '') return true
  const callback = paths.callback.slice(prefix.length)
  return [...arrivals, ''].some((arrival) => `${arrival}${callback}`.startsWith(`${mount}/`))
}

/** The failure for a login that could not be finished, since the middleware is mounted where the callback never comes. */
export function unfittingMount(mount: string, { origin, prefix }: BaseUrl): ConfigurationError {
  return new ConfigurationError(
    'invalid_options',
    `oidc() is mounted at "${mount}", where the callback of "baseUrl" ${origin}${prefix} never comes: ` +
      `give a baseUrl that ends with "${mount}", or mount oidc() for the whole application`,
  )
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
