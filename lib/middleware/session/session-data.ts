import { sessionData } from '../../session/application-data.js'
import { sessionMissing } from '../../session/lifetime.js'
import type { RequestContext } from './request-context.js'

/**
 * Adds members to the data of a session, or removes those that are `undefined`.
 *
 * @throws {SessionError} `session_missing`, `session_too_large`, `headers_already_sent` or `session_store_unavailable`
 * @throws {ConfigurationError} `invalid_options` for a value that is not an object of JSON values
 */
export async function updateData(context: RequestContext, data: Readonly<Record<string, unknown>>): Promise<void> {
  const record = context.session.current()
  if (record === undefined) throw sessionMissing('update()')
  context.requireUnsent('update()')
  // Checked alone too: spreading a value that is not a plain object would silently lose its content.
  sessionData('update() takes', data)
  const merged = sessionData('update() takes', { ...record.data, ...data })
  await context.session.store({ ...record, data: merged })
}
