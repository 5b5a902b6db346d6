import { quoted } from '../base/error-cause.js'
import { algorithmNames, includesAlgorithm } from '../options/common/algorithms.js'
import type { ClientSettings, ProviderMetadata } from './types.js'

/** What `ready()` has found. */
export interface Readiness {
  /** What is likely to fail at the first login, and what to change. Only likely: the metadata of some providers is wrong. */
  readonly warnings: readonly string[]
}

type ReadyClient = Pick<ClientSettings, 'idTokenSigningAlg' | 'authorizationDetailTypes'>

/** Compares the metadata with what the client is configured to accept and to request. */
export function readinessOf(metadata: ProviderMetadata, client: ReadyClient): Readiness {
  return { warnings: [...algorithmWarnings(metadata, client), ...detailWarnings(metadata, client)] }
}

function algorithmWarnings(metadata: ProviderMetadata, client: ReadyClient): readonly string[] {
  const listed = metadata['id_token_signing_alg_values_supported']
  const accepted = algorithmNames(client.idTokenSigningAlg)
  if (!Array.isArray(listed)) return []
  const known = listed.filter((name): name is string => typeof name === 'string' && /^[A-Za-z0-9-]{1,32}$/.test(name))
  if (known.some((name) => includesAlgorithm(accepted, name))) return []
  const names = known.join(', ')
  const said = `the provider says that it signs ID Tokens with ${names === '' ? 'nothing' : names}`
  const remedy = '"idTokenSigningAlg" must be what this client is registered with there'
  return [`${said}, not with ${accepted.join(' or ')}: ${remedy}`]
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
