import type { OidcErrorDetails } from '../error-details.js'
import { TokenValidationError } from '../errors.js'
import { fromBase64url } from '../base/base64url.js'
import { type JsonObject, isTextOrAbsent, parseStrictJson } from '../base/json.js'
import { quoted, quotedName } from '../base/error-cause.js'
import { includesAlgorithm } from '../options/common/algorithms.js'
import type { VerificationKey } from './algorithms.js'

/** A JOSE header (RFC 7515 section 4). Members that name or contain keys are never used for verification. */
export type JwsHeader = Readonly<JsonObject> & { readonly alg: string; readonly kid?: string; readonly typ?: string }

/** A decoded token. Nothing in it can be trusted before {@link verifySignature}. */
export interface Jws {
  readonly header: JwsHeader
  readonly payload: Readonly<JsonObject>
  readonly signingInput: Buffer
  readonly signature: Buffer
}

/** Options of {@link decodeJws}. */
interface JwsLimits {
  /** Maximum length of a token in characters. Default 16384. */
  readonly maxBytes?: number
  /** Decoded headers by their encoded text: an issuer's tokens all have the same few headers. */
  readonly headers?: Map<string, JwsHeader>
}

/** Default maximum length of a token, in characters. */
export const maxTokenBytes = 16_384
const maxHeaders = 64
// crit, b64 and zip change what is signed, or how it is read (RFC 7515 section 4.1.11, RFC 7797, RFC 7516 section
// 4.1.3).
const refusedHeaders = ['crit', 'b64', 'zip']

/**
 * Decodes a compact JWS (RFC 7515 section 7.1). Only canonical base64url is accepted.
 *
 * @throws {TokenValidationError} `token_malformed`
 */
export function decodeJws(token: string, limits: JwsLimits = {}): Jws {
  if (token.length > (limits.maxBytes ?? maxTokenBytes)) throw malformed('is too long')
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 0 || second < 0 || token.includes('.', second + 1)) throw malformed(segmentProblem(token))
  return {
    header: knownHeader(token.slice(0, first), limits.headers),
    payload: parsePart(token.slice(first + 1, second), 'payload'),
    // Both segments are canonical base64url, so they are ASCII.
    signingInput: Buffer.from(token.slice(0, second), 'latin1'),
    signature: bytesOf(token.slice(second + 1), 'signature'),
  }
}

/**
 * Verifies the signature with the given keys.
 *
 * @param algorithms - allowed values of `alg`
 * @throws {TokenValidationError} `token_algorithm_refused`, `token_signature_invalid`
 */
export function verifySignature(
  jws: Jws,
  keys: readonly VerificationKey[],
  algorithms: ReadonlySet<string> | readonly string[],
): void {
  requireAlgorithm(jws.header, algorithms)
  if (!isSignedBy(jws, keys)) throw signatureInvalid()
}

/** Whether one of the keys made the signature. The caller has required the algorithm. */
export function isSignedBy(jws: Jws, keys: readonly VerificationKey[]): boolean {
  for (const key of keys) {
    if (key.alg === jws.header.alg && key.verify(jws.signingInput, jws.signature)) return true
  }
  return false
}

/** The error for an invalid signature; `remark` is added to its message. */
export function signatureInvalid(remark = ''): TokenValidationError {
  return new TokenValidationError('token_signature_invalid', `the token is not signed by a key of its issuer${remark}`)
}

/**
 * Rejects a header with an unexpected `alg`, before any key is looked up (RFC 8725 section 3.1).
 *
 * @param option - that the algorithms are from, for the message
 * @throws {TokenValidationError} `token_algorithm_refused`
 */
export function requireAlgorithm(
  header: JwsHeader,
  algorithms: ReadonlySet<string> | readonly string[],
  option = 'algorithms',
): void {
  if (includesAlgorithm(algorithms, header.alg)) return
  const message = `the token is signed with ${quotedName(header.alg)}, and "${option}" allows ${[...algorithms].join(', ')}`
  throw new TokenValidationError('token_algorithm_refused', message, {
    details: algDetails(header.alg, algorithms, option),
  })
}

/** Details of an `alg` that is not accepted. */
export function algDetails(alg: string, accepted: Iterable<string>, option: string): OidcErrorDetails {
  return { subject: 'alg', seen: quotedName(alg), expected: [...accepted].map(quoted).join(' or '), option }
}

// RFC 7516 section 3.1: an encrypted token has five segments.
function segmentProblem(token: string): string {
  const isEncrypted = token.split('.', 6).length === 5
  if (!isEncrypted) return 'does not have three segments: it is opaque, or cut short'
  return 'is encrypted, which is not supported: configure the provider to sign it only'
}

function knownHeader(segment: string, known: Map<string, JwsHeader> | undefined): JwsHeader {
  const before = known?.get(segment)
  if (before !== undefined) return before
  const header = parseHeader(segment)
  if (known !== undefined && segment.length <= 512) {
    if (known.size >= maxHeaders) known.clear()
    known.set(segment, header)
  }
  return header
}

function parseHeader(segment: string): JwsHeader {
  const header = parsePart(segment, 'header')
  if (!isHeader(header)) throw malformed('has an invalid alg, kid or typ in its header')
  if (refusedHeaders.some((name) => name in header)) throw malformed('has a header member that is not supported')
  return header
}

function isHeader(header: Readonly<JsonObject>): header is JwsHeader {
  return typeof header['alg'] === 'string' && isTextOrAbsent(header['kid']) && isTextOrAbsent(header['typ'])
}

function parsePart(segment: string, part: string): Readonly<JsonObject> {
  const value = parseStrictJson(bytesOf(segment, part))
  if (value === undefined) throw malformed(`has no valid JSON object as ${part}`)
  return value
}

// Canonical only: a token must not have several spellings (RFC 7515 section 2).
function bytesOf(segment: string, part: string): Buffer {
  const bytes = fromBase64url(segment)
  if (bytes === undefined) throw malformed(`has no valid base64url as ${part}`)
  return bytes
}

function malformed(why: string): TokenValidationError {
  return new TokenValidationError('token_malformed', `the token ${why}`)
}
