import { parseUrl } from '../../base/url.js'
import type { ProviderSettings } from '../types.js'

type OriginSettings = Partial<Pick<ProviderSettings, 'issuer' | 'internalOrigin'>>

/** The two addresses of a provider: the one that everybody knows, and the one that this server reaches it at. */
export interface ProviderOrigins {
  /** The URL that a request goes to: below the internal origin instead of the issuer's. Path and query are kept. */
  readonly internalUrl: (url: string) => string
  /** The URL that a browser is sent to: below the issuer's origin instead of the internal one. */
  readonly publicUrl: (url: string) => string
}

const same: ProviderOrigins = { internalUrl: (url) => url, publicUrl: (url) => url }

/** Maps URLs of a provider that this server reaches at another origin than browsers do. */
export function providerOrigins({ issuer, internalOrigin }: OriginSettings): ProviderOrigins {
  if (internalOrigin === undefined || issuer === undefined) return same
  const known = new URL(issuer).origin
  return {
    internalUrl: (url) => moveOrigin(url, known, internalOrigin),
    publicUrl: (url) => moveOrigin(url, internalOrigin, known),
  }
}

function moveOrigin(url: string, from: string, to: string): string {
  const parsed = parseUrl(url)
  if (parsed === undefined) return url
  const { origin, pathname, search, username, password } = parsed
  return origin === from && username === '' && password === '' ? to + pathname + search : url
}
