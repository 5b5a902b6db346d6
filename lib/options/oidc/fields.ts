import * as v from 'valibot'
import { text } from '../common/fields.js'

/** Parameters that only this package sets: an application could disable a protection with them. */
export const protocolParameters: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'nonce',
  'redirect_uri',
  'request',
  'request_uri',
  'response_type',
  'scope',
  'state',
])

/** Further parameters of every authorization request. */
export const authorizationParams = v.pipe(
  v.optional(v.record(v.string(), v.string('must be a string'), 'must be an object of strings'), {}),
  v.check(
    (value) => Object.keys(value).every((name) => !protocolParameters.has(name)),
    `must not set ${[...protocolParameters].join(', ')}: this package sets them`,
  ),
  v.check(
    (value) => [undefined, 'query', 'form_post'].includes(value['response_mode']),
    'must give "response_mode" as "query" or "form_post"',
  ),
  v.check(
    ({ max_age: maxAge = '0' }) => /^\d{1,9}$/.test(maxAge),
    'must give "max_age" as a whole number of seconds, in digits',
  ),
)

const whatScopes = 'scopes separated by spaces, or a list of them'
const listedScope = v.pipe(v.string(), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope, without spaces'))

/** Scopes of a login, as one text. */
export const scope = v.pipe(
  v.union([text(whatScopes), v.array(listedScope)], `must be ${whatScopes}`),
  v.transform((value) => (typeof value === 'string' ? value : value.join(' '))),
  v.check((value) => value.split(' ').includes('openid'), 'must contain "openid"'),
)
