import type { TrustConfiguration } from '../../options/bearer/issuers.js'
import { IssuerLookup } from './issuer-resolver.js'
import { createTrustedIssuer, type IssuerSettings, type TrustedIssuer } from './trusted-issuer.js'

/** The authorization servers whose tokens are taken. */
export interface Issuers {
  /** One that is named by the options, or was looked up a moment ago. Compared character by character. */
  find(issuer: string): TrustedIssuer | undefined
  /** One that a resolver knows; `undefined` for strangers. */
  lookUp?(issuer: string): Promise<TrustedIssuer | undefined>
  /** All that are set up by now. */
  all(): readonly TrustedIssuer[]
}

/**
 * Sets up the trusted issuers: each has keys and algorithms of its own, and a token's `iss` only picks among them
 * (RFC 8725 section 3.8).
 *
 * @throws {ConfigurationError} `invalid_options` for keys that cannot be used
 */
export function createIssuers({ issuers, resolver, defaults }: TrustConfiguration, settings: IssuerSettings): Issuers {
  const known = new Map(
    [...issuers].map(([issuer, configuration]) => [issuer, createTrustedIssuer(issuer, configuration, settings)]),
  )
  if (resolver === undefined) return { find: (issuer) => known.get(issuer), all: () => [...known.values()] }
  const lookup = new IssuerLookup(resolver, defaults, settings)
  return {
    find: (issuer) => lookup.peek(issuer),
    lookUp: (issuer) => lookup.get(issuer),
    all: () => lookup.all(),
  }
}
