import * as v from 'valibot'
import { type AuthorizationDetail, authorizationDetailsIn, whatAuthorizationDetails } from './detail.js'
import { parseJsonValue } from '../../base/json.js'

const what = `${whatAuthorizationDetails}, or the same as JSON`

/** `authorization_details` of a request: a list, or its JSON. The result is JSON (RFC 9396 section 2). */
export const authorizationDetails = v.pipe(
  v.union([v.string(), v.array(v.unknown())], `must be ${what}`),
  v.transform((details) => detailsText(details)),
  v.check(isDetailsText, `must be ${what}`),
  v.description(what),
)

/** `authorization_details` as JSON. If JSON cannot represent them, the text is empty and asks for nothing. */
export function detailsText(details: string | readonly unknown[]): string {
  if (typeof details === 'string') return details
  try {
    return JSON.stringify(details)
  } catch {
    return ''
  }
}

/** Whether a text is the JSON of `authorization_details`, and asks for something. */
function isDetailsText(text: string): boolean {
  return detailsIn(text).length > 0
}

/** The types of detail that a request asks for, each once. */
export function detailTypesIn(text: string | undefined): readonly string[] {
  return [...new Set(detailsIn(text ?? '').map(({ type }) => type))]
}

function detailsIn(text: string): readonly AuthorizationDetail[] {
  return authorizationDetailsIn(parseJsonValue(text)) ?? []
}

/**
 * Parameters of an authorization request in which `authorization_details` may be a list: the same with its JSON. Anything else is
 * left as it is, for the schema to refuse.
 */
export function withDetailsText(params: unknown): unknown {
  if (typeof params !== 'object' || params === null || !('authorization_details' in params)) return params
  const { authorization_details: details } = params
  return Array.isArray(details) ? { ...params, authorization_details: detailsText(details) } : params
}

/** What is wrong with `authorization_details` among such parameters; `undefined` for nothing. */
export function detailsFlaw({ authorization_details: details }: Readonly<Record<string, string>>): string | undefined {
  return details === undefined || isDetailsText(details) ? undefined : `"authorization_details" must be ${what}`
}
