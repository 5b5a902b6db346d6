import { AuthorizationResponseError } from '../errors.js'
import type { NodeRequest } from './types.js'

const mostBytes = 65_536

/**
 * Reads a form body of at most 64 KiB. Where a body parser of the application was faster, its result is used.
 *
 * @throws {AuthorizationResponseError} `body_too_large` (413), `unsupported_media_type` (415)
 */
export async function readForm(req: NodeRequest): Promise<URLSearchParams> {
  const type = req.headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    const message = 'the body must be application/x-www-form-urlencoded in UTF-8'
    throw new AuthorizationResponseError('unsupported_media_type', message, { status: 415 })
  }
  return req.readableDidRead ? fromParsed(req.body) : new URLSearchParams(await readText(req))
}

async function readText(req: NodeRequest): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  const stream: AsyncIterable<Buffer> = req
  for await (const bytes of stream) {
    length += bytes.length
    if (length > mostBytes) throw tooLarge()
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString()
}

// Only plain strings and lists of them are a form's own; the objects that some parsers make of brackets are not.
function fromParsed(body: unknown): URLSearchParams {
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    if (body.length > mostBytes) throw tooLarge()
    return new URLSearchParams(body.toString())
  }
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(typeof body === 'object' && body !== null ? body : {})) {
    for (const single of Array.isArray(value) ? value : [value]) {
      if (typeof single === 'string') form.append(name, single)
    }
  }
  return form
}

function tooLarge(): AuthorizationResponseError {
  const details = { status: 413, headers: { Connection: 'close' } }
  return new AuthorizationResponseError('body_too_large', `the body is over ${mostBytes} bytes`, details)
}
