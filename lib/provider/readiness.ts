import { quoted } from '../base/error-cause.js'
import { type Algorithms, algorithmNames, includesAlgorithm } from '../options/common/algorithms.js'
import type { ClientSettings, ProviderMetadata } from './types.js'

/** What `ready()` has found. */
export interface Readiness {
  /** What is likely to fail at the first login, and what to change. Only likely: the metadata of some providers is wrong. */
  readonly warnings: readonly string[]
}

/** The signature algorithms and requests that a provider is expected to support. */
type ReadyClient = Pick<
  ClientSettings,
  'idTokenSigningAlg' | 'authorizationResponseAlg' | 'hasSignedResponses' | 'authorizationDetailTypes'
>

/**
 * Compares the metadata with what the client is configured to accept and to request, and looks at the dates of its certificate.
 *
 * @param certificateFlaw - what is wrong with them
 */
export function readinessOf(metadata: ProviderMetadata, client: ReadyClient, certificateFlaw?: string): Readiness {
  const { idTokenSigningAlg, authorizationResponseAlg: own, hasSignedResponses = false } = client
  const warnings = [
    algorithmFlaw(
      metadata['id_token_signing_alg_values_supported'],
      idTokenSigningAlg,
      'ID Tokens',
      'idTokenSigningAlg',
    ),
    hasSignedResponses
      ? algorithmFlaw(
          metadata['authorization_signing_alg_values_supported'],
          own ?? idTokenSigningAlg,
          'authorization responses',
          'authorizationResponseAlg',
        )
      : undefined,
    ...detailWarnings(metadata, client),
    certificateFlaw === undefined
      ? undefined
      : `the certificate in "tls" ${certificateFlaw}: give the one that replaces it`,
  ]
  return { warnings: warnings.filter((warning) => warning !== undefined) }
}

function algorithmFlaw(listed: unknown, expected: Algorithms, what: string, option: string): string | undefined {
  if (!Array.isArray(listed)) return undefined
  const accepted = algorithmNames(expected)
  const known = listed.filter((name): name is string => typeof name === 'string' && /^[A-Za-z0-9-]{1,32}$/.test(name))
  if (known.some((name) => includesAlgorithm(accepted, name))) return undefined
  const names = known.join(', ')
  const said = `the provider says that it signs ${what} with ${names === '' ? 'nothing' : names}`
  return `${said}, not with ${accepted.join(' or ')}: "${option}" must be what this client is registered with there`
}

// Without a list, nothing is known (RFC 9396 section 10).
function detailWarnings(metadata: ProviderMetadata, { authorizationDetailTypes = [] }: ReadyClient): readonly string[] {
  const listed: unknown = metadata['authorization_details_types_supported']
  if (!Array.isArray(listed)) return []
  const missing = authorizationDetailTypes.filter((type) => !listed.includes(type))
  if (missing.length === 0) return []
  const said = `the provider does not list ${missing.map(quoted).join(', ')} among the types of authorization_details that it supports`
  return [`${said}: it refuses requests with a type that it does not know ("authorizationParams")`]
}
