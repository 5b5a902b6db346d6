import { AuthorizationResponseError, ConfigurationError } from '../../errors.js'
import type { NodeRequest } from '../types.js'

const maxBytes = 65_536

/**
 * Reads a body of at most 64 KiB as text.
 *
 * @throws {AuthorizationResponseError} `body_too_large` (413)
 */
export async function readText(req: NodeRequest): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  // Destroying the stream would close the socket before the error response is written.
  const stream: AsyncIterable<Buffer> = req.iterator({ destroyOnReturn: false })
  for await (const bytes of stream) {
    length += bytes.length
    requireSize(length)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString()
}

/**
 * The same, if a body parser of the application may have read it: as text, as bytes, or as JSON.
 *
 * @throws {ConfigurationError} `body_already_read` for a parser that has kept nothing
 */
export async function readTextOnce(req: NodeRequest): Promise<string> {
  requireSize(Number(req.headers['content-length'] ?? 0))
  if (!req.readableDidRead) return readText(req)
  const { body } = req
  if (typeof body === 'string') return body
  if (Buffer.isBuffer(body)) return body.toString()
  if (typeof body === 'object' && body !== null && Object.keys(body).length > 0) return JSON.stringify(body)
  const message = 'a body parser has read the request before signals(): mount signals() before body parsers'
  throw new ConfigurationError('body_already_read', message)
}

/**
 * Refuses a body that is too large.
 *
 * @throws {AuthorizationResponseError} `body_too_large` (413)
 */
export function requireSize(length: number): void {
  if (length <= maxBytes) return
  const message = `the body is larger than ${maxBytes} bytes`
  throw new AuthorizationResponseError('body_too_large', message, { headers: { Connection: 'close' } })
}
