import { promisify } from 'node:util'
import type { InputType, ZlibOptions } from 'node:zlib'
import { ProviderError } from '../../errors.js'
import { isError, redactedCause } from '../../base/error-cause.js'
import { tooLarge } from './transport.js'

type Decode = (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>

// deflate should have a zlib header, but some servers omit it (RFC 9110 section 8.4.1.2).
const isFramed = (bytes: Buffer): boolean => ((bytes[0] ?? 0) & 0x0f) === 8

// Loaded on demand: requests do not ask for a content coding, so it is rare.
async function knownDecoders(): Promise<ReadonlyMap<string, Decode>> {
  const { brotliDecompress, gunzip, inflate, inflateRaw } = await import('node:zlib')
  const fromGzip = promisify<InputType, ZlibOptions, Buffer>(gunzip)
  const fromZlib = promisify<InputType, ZlibOptions, Buffer>(inflate)
  const fromDeflate = promisify<InputType, ZlibOptions, Buffer>(inflateRaw)
  return new Map<string, Decode>([
    ['gzip', fromGzip],
    ['x-gzip', fromGzip],
    ['deflate', (bytes, options) => (isFramed(bytes) ? fromZlib(bytes, options) : fromDeflate(bytes, options))],
    ['br', promisify<InputType, ZlibOptions, Buffer>(brotliDecompress)],
  ])
}

const maxCodings = 5

/**
 * Decodes a body (RFC 9110 section 8.4). Like `fetch`, it leaves a body with an unknown coding as it is: some servers
 * send the character set there.
 *
 * @param header - value of `Content-Encoding`
 * @throws {ProviderError} `provider_response_too_large` if the result exceeds `maxBytes`, `provider_response_invalid`
 *   if the body cannot be decoded
 */
export async function decodeBody(bytes: Buffer, header: string | undefined, maxBytes: number): Promise<Buffer> {
  if (header === undefined || bytes.length === 0) return bytes
  const decoders = await knownDecoders()
  const codings = header.toLowerCase().split(',', maxCodings)
  let result = bytes
  for (const coding of codings.reverse()) {
    const decode = decoders.get(coding.trim())
    if (decode === undefined) return result
    result = await decode(result, { maxOutputLength: maxBytes }).catch((error: unknown) => {
      throw isTooLong(error) ? tooLarge(maxBytes) : undecodable(error)
    })
  }
  return result
}

function isTooLong(error: unknown): boolean {
  return isError(error) && Reflect.get(error, 'code') === 'ERR_BUFFER_TOO_LARGE'
}

function undecodable(error: unknown): ProviderError {
  const message = "the provider's response does not match its Content-Encoding"
  return new ProviderError('provider_response_invalid', message, { cause: redactedCause(error) })
}
