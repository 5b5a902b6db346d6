import * as v from 'valibot'
import {
  type Algorithms,
  asymmetricAlgorithms,
  algorithmNames,
  secretAlgorithm,
  secretBytes,
  secretAlgorithms,
} from '../common/algorithms.js'
import { seconds, text } from '../common/fields.js'
import { decryptionKeys } from '../common/private-key.js'

const names = [...asymmetricAlgorithms, ...secretAlgorithms] as const
const message = `must be one of ${names.join(', ')}, or a list of them`

const decryptable = ['id_token', 'userinfo', 'authorization'] as const
const responseMessage = `must be a list of ${decryptable.join(', ')}`

const algorithms = v.union(
  [v.picklist(names, message), v.pipe(v.array(v.picklist(names, message)), v.minLength(1, message))],
  message,
)

/** The options of `oidc()` that decide which ID Tokens are accepted. */
export const idTokenEntries = {
  idTokenSigningAlg: v.optional(algorithms, 'RS256'),
  authorizationResponseAlg: v.optional(algorithms),
  idTokenAudiences: v.optional(
    v.union([v.literal('any'), v.array(text('an audience'))], 'must be a list of audiences, or "any"'),
    [],
  ),
  decryptionKeys,
  encryptedResponses: v.optional(
    v.pipe(v.array(v.picklist(decryptable, responseMessage), responseMessage), v.minLength(1, responseMessage)),
  ),
  clockToleranceSeconds: v.optional(seconds(0, 300), 30),
}

/** The options that the rules for ID Tokens check. */
interface IdTokenOptions {
  readonly idTokenSigningAlg: Algorithms
  readonly idTokenAudiences: string | readonly string[]
  readonly decryptionKeys?: readonly unknown[] | undefined
  readonly encryptedResponses?: readonly string[] | undefined
  readonly clientAuthentication?: string | undefined
  readonly clientSecret?: unknown
}

/**
 * The problem with options about ID Tokens, if there is one. Everyone who knows an HMAC secret can sign as well as verify:
 * so it is never used together with public keys, nor for several audiences.
 */
export function idTokenFlaw(options: IdTokenOptions): string | undefined {
  const { idTokenSigningAlg, idTokenAudiences, decryptionKeys, encryptedResponses } = options
  if (encryptedResponses !== undefined && decryptionKeys === undefined) {
    return 'must give "decryptionKeys" for "encryptedResponses"'
  }
  const alg = secretAlgorithm(idTokenSigningAlg)
  if (alg === undefined) return undefined
  if (algorithmNames(idTokenSigningAlg).length > 1) return `must name ${alg} alone in "idTokenSigningAlg"`
  if (!hasSecret(options, secretBytes[alg] ?? Infinity)) {
    return `must give a "clientSecret" of at least ${secretBytes[alg]} bytes, as text, for ${alg} (RFC 7518 section 3.2)`
  }
  if (idTokenAudiences.length === 0) return undefined
  return `must not give "idTokenAudiences" with ${alg}: each audience could have the secret, and sign for the others`
}

// A secret that changes while the process runs is a credential for the token endpoint, not a key for ID Tokens.
function hasSecret({ clientSecret, clientAuthentication }: IdTokenOptions, bytes: number): boolean {
  const isPublic = clientAuthentication === 'none'
  return !isPublic && typeof clientSecret === 'string' && Buffer.byteLength(clientSecret) >= bytes
}
