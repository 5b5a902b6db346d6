import * as v from 'valibot'
import { section } from '../../common/parse.js'

const algorithms = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'] as const
const contentAlgorithms = ['A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512', 'A128GCM', 'A192GCM', 'A256GCM'] as const

/**
 * How signed requests are encrypted: for a key in the provider's JWK Set with `use: 'enc'`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9101#section-6.1
 */
export interface RequestEncryption {
  /** `alg` of the encryption, as registered (`request_object_encryption_alg`). @default that of the key, else RSA-OAEP-256 or ECDH-ES */
  alg?: (typeof algorithms)[number] | undefined
  /** `enc` of the encryption, as registered (`request_object_encryption_enc`). @default 'A128CBC-HS256' */
  enc?: (typeof contentAlgorithms)[number] | undefined
}

/**
 * How authorization requests are signed: with the current key of `clientKeys`.
 *
 * @example
 * ```ts
 * const clientKeys = { current: { privateKey: process.env['CLIENT_KEY'] ?? '' } }
 * app.use(oidc({ ...options, clientKeys, requestObject: { encryption: { alg: 'RSA-OAEP-256' } } }))
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc9101#section-4
 */
export interface RequestObjectOptions {
  /** Encrypts requests after signing them. @default not encrypted */
  encryption?: RequestEncryption | undefined
}

const options = section({
  encryption: v.optional(
    section({
      alg: v.optional(v.picklist(algorithms, `must be one of ${algorithms.join(', ')}`)),
      enc: v.optional(v.picklist(contentAlgorithms, `must be one of ${contentAlgorithms.join(', ')}`)),
    }),
  ),
})

/** The option `requestObject`, checked. */
export type RequestObjectConfiguration = v.InferOutput<typeof options>

/** The option `requestObject`. */
export const requestObject = v.pipe(
  v.optional(v.lazy((given) => (typeof given === 'boolean' ? v.literal(true, 'must be true or an object') : options))),
  v.transform((given) => (given === true ? {} : given)),
)

/** What is wrong with the options about requests, if anything is. */
export function requestObjectFlaw({ requestObject: given, clientKeys }: RequestOptions): string | undefined {
  if (given === undefined || clientKeys !== undefined) return undefined
  return 'must give "clientKeys" for "requestObject": requests are signed with the current one'
}

interface RequestOptions {
  readonly requestObject?: unknown
  readonly clientKeys?: unknown
}
