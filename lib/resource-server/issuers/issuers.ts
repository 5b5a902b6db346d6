import type { TrustConfiguration } from '../../options/bearer/issuers.js'
import type { SignedToken } from '../types.js'
import { IssuerResolver } from './issuer-resolver.js'
import { createTrustedIssuer, type IssuerSettings, type TrustedIssuer } from './trusted-issuer.js'

/** The trusted authorization servers. */
export interface Issuers {
  /** Finds an issuer that is configured, or in the resolver's cache. Names are compared character by character. */
  find(issuer: string): TrustedIssuer | undefined
  /** Asks the resolver for an issuer; `undefined` if it does not know it. */
  lookUp?(issuer: string): Promise<TrustedIssuer | undefined>
  /**
   * Whether a token was verified by the issuer that {@link Issuers.find} finds now. Absent without a resolver, since issuers then
   * stay the same.
   */
  readonly isCurrent?: (signed: SignedToken) => boolean
  /** All issuers that are set up so far. */
  all(): readonly TrustedIssuer[]
  /** Aborts requests in flight; nothing is fetched afterwards. */
  close(): void
}

/**
 * Sets up the trusted issuers. Each has its own keys and algorithms, and a token's `iss` only selects among them (RFC
 * 8725 section 3.8).
 *
 * @throws {ConfigurationError} `invalid_options` for unusable keys
 */
export function createIssuers({ issuers, resolver, defaults }: TrustConfiguration, settings: IssuerSettings): Issuers {
  const known = [...issuers].map(([issuer, configuration]) => createTrustedIssuer(issuer, configuration, settings))
  const bySpelling = new Map(known.flatMap((one) => [one.issuer, ...one.aliases].map((iss) => [iss, one] as const)))
  if (resolver === undefined) {
    const close = () => {
      for (const issuer of known) issuer.close()
    }
    return { find: (issuer) => bySpelling.get(issuer), all: () => known, close }
  }
  const lookup = new IssuerResolver(resolver, defaults, settings)
  return {
    find: (issuer) => lookup.peek(issuer),
    lookUp: (issuer) => lookup.get(issuer),
    isCurrent: ({ token, keys }) => lookup.peek(token.issuer)?.keys === keys,
    all: () => lookup.all(),
    close: () => lookup.close(),
  }
}
