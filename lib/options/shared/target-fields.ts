import * as v from 'valibot'

/** Scopes separated by spaces (RFC 6749 section 3.3). */
export const scopes = v.pipe(
  v.string('must be scopes separated by spaces'),
  v.regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/, 'must be scopes separated by spaces'),
)

/** One name, or a list of names; `what` completes "must be …". */
export function listOf(isName: (value: string) => boolean, what: string) {
  const message = `must be ${what}, or a list of them`
  const name = v.pipe(v.string(message), v.check(isName, message))
  return v.pipe(
    v.union([name, v.array(name)], message),
    v.transform((value) => (typeof value === 'string' ? [value] : value)),
  )
}

const whatResource = 'an absolute URI without fragment'

function isResource(value: string): boolean {
  return URL.canParse(value) && !value.includes('#')
}

/** One resource indicator (RFC 8707 section 2). */
export const resource = v.pipe(
  v.string(`must be ${whatResource}`),
  v.check(isResource, `must be ${whatResource}`),
  v.description(whatResource),
)

/** Resource indicators (RFC 8707 section 2). */
export const resources = listOf(isResource, whatResource)
