import { AuthorizationResponseError } from '../../errors.js'
import type { NodeRequest } from '../types.js'
import { readText, requireSize } from './text-body.js'

/**
 * Reads a form body of at most 64 KiB. If a body parser of the application has read it, its result is used.
 *
 * @throws {AuthorizationResponseError} `body_too_large` (413), `unsupported_media_type` (415)
 */
export async function readForm(req: NodeRequest): Promise<URLSearchParams> {
  const type = req.headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    const message = 'the body must be application/x-www-form-urlencoded in UTF-8'
    throw new AuthorizationResponseError('unsupported_media_type', message)
  }
  requireSize(Number(req.headers['content-length'] ?? 0))
  return req.readableDidRead ? fromParsed(req.body) : new URLSearchParams(await readText(req))
}

// A form has strings only, and lists of repeated ones. Some parsers turn names with brackets into objects and lists of one:
// these keep a name with brackets, and lose their value.
function fromParsed(body: unknown): URLSearchParams {
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    requireSize(body.length)
    return new URLSearchParams(body.toString())
  }
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(typeof body === 'object' && body !== null ? body : {})) {
    const values: readonly unknown[] = Array.isArray(value) && value.length > 1 ? value : [value]
    for (const single of values) {
      if (typeof single === 'string') form.append(name, single)
      else form.append(`${name}[]`, '')
    }
  }
  return form
}
