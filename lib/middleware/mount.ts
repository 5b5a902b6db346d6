import { ConfigurationError } from '../errors.js'
import type { BaseUrl } from '../relying-party/base-url.js'
import { readMember } from './http/request-property.js'
import type { NodeRequest } from './types.js'

/** The path that the middleware is mounted at, which the framework has removed from `req.url`. Empty at the root. */
export function mountPathOf(req: NodeRequest): string {
  const [original, url] = [readMember(req, 'originalUrl'), readMember(req, 'url')]
  if (original === undefined || url === undefined || original === url) return ''
  // Express has `baseUrl`. Elsewhere the difference between both URLs shows it.
  const baseUrl: unknown = Reflect.get(req, 'baseUrl')
  if (typeof baseUrl === 'string') return baseUrl
  const [whole, rest] = [pathOf(original), pathOf(url)]
  if (rest === '/' && !whole.endsWith('/')) return whole
  return whole.endsWith(rest) ? whole.slice(0, -rest.length) : ''
}

/** Whether the callback reaches middleware at this mount path. A proxy may have removed the first segments of its path. */
export function isFittingMount(mount: string, { paths, prefix, arrivals }: BaseUrl): boolean {
  if (mount === '') return true
  const callback = paths.callback.slice(prefix.length)
  return [...arrivals, ''].some((arrival) => `${arrival}${callback}`.startsWith(`${mount}/`))
}

/** The error for middleware whose mount path the callback never reaches. */
export function unfittingMount(mount: string, { origin, prefix }: BaseUrl): ConfigurationError {
  return new ConfigurationError(
    'invalid_options',
    `oidc() is mounted at "${mount}", which the callback of "baseUrl" ${origin}${prefix} never reaches: ` +
      `set a "baseUrl" that ends with "${mount}", or mount oidc() for the whole application`,
  )
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
