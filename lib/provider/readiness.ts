import { algorithmNames, includesAlgorithm } from '../options/common/algorithms.js'
import type { ClientSettings, ProviderMetadata } from './types.js'

/** What `ready()` has found. */
export interface Readiness {
  /** What is likely to fail at the first login, and what to change. Only likely: the metadata of some providers is wrong. */
  readonly warnings: readonly string[]
}

/** Compares the metadata with what the client is configured to accept. */
export function readinessOf(metadata: ProviderMetadata, client: Pick<ClientSettings, 'idTokenSigningAlg'>): Readiness {
  const listed = metadata['id_token_signing_alg_values_supported']
  const accepted = algorithmNames(client.idTokenSigningAlg)
  if (!Array.isArray(listed)) return { warnings: [] }
  const known = listed.filter((name): name is string => typeof name === 'string' && /^[A-Za-z0-9-]{1,32}$/.test(name))
  if (known.some((name) => includesAlgorithm(accepted, name))) return { warnings: [] }
  const names = known.join(', ')
  const said = `the provider says that it signs ID Tokens with ${names === '' ? 'nothing' : names}`
  const remedy = '"idTokenSigningAlg" must be what this client is registered with there'
  return { warnings: [`${said}, not with ${accepted.join(' or ')}: ${remedy}`] }
}
