import * as v from 'valibot'
import { flag, seconds } from './fields.js'

/** The options that say how requests are made. */
export const httpEntries = {
  httpTimeoutSeconds: v.optional(seconds(0.1, 60), 5),
  fetch: v.optional(
    v.pipe(
      v.custom<typeof fetch>((value) => typeof value === 'function', 'must be a function'),
      v.description('a function'),
    ),
  ),
  dangerouslyAllowHttp: v.optional(flag, false),
}

/** The message for options whose URLs must not be of plain http. */
export function httpsNeeded(...options: readonly string[]): string {
  const where = options.map((name) => ` "${name}"`).join(' and')
  return `must use https${where === '' ? '' : ` in${where}`}: plain http is for loopback hosts only (or dangerouslyAllowHttp)`
}

/** The function that makes requests to APIs. */
export function fetchOf(configuration: { readonly fetch?: typeof fetch | undefined }): typeof fetch {
  return configuration.fetch ?? globalThis.fetch
}
