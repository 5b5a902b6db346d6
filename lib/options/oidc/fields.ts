import * as v from 'valibot'
import { omitUndefined } from '../../base/json.js'
import { detailsFlaw, withDetailsText } from '../authorization-details/schema.js'
import { callback, text, whatScopes } from '../common/fields.js'
import { parameterName, parameters } from '../common/http-client.js'
import { parseOptions } from '../common/parse.js'
import type { AuthorizationParams } from './options.js'

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

// What decides how a login runs and what it proves must not come from a link that anyone can make.
const notFromLinks: readonly string[] = [
  ...protocolParameters,
  'acr_values',
  'audience',
  'authorization_details',
  'claims',
  'id_token_hint',
  'iss',
  'max_age',
  'prompt',
  'registration',
  'resource',
  'response_mode',
  'returnTo',
  'target_link_uri',
]

/** Names of the parameters that the login route passes on. */
export const loginParams = v.optional(
  v.pipe(
    v.array(parameterName, 'must be a list of names'),
    v.check(
      (names) => !names.some((name) => notFromLinks.includes(name)),
      `must not name ${notFromLinks.join(', ')}: links must not decide these`,
    ),
  ),
  [],
)

const signedModes: readonly unknown[] = ['jwt', 'query.jwt', 'form_post.jwt']

/** How an authorization response may be asked for. */
export const responseModes: readonly unknown[] = ['query', 'form_post', ...signedModes]

/** Whether a response may come in this way; by the provider's default if it is absent. */
export function isResponseMode(mode: string | undefined): boolean {
  return mode === undefined || responseModes.includes(mode)
}

function protocolParametersIn(params: object): readonly string[] {
  return Object.keys(params).filter((name) => protocolParameters.has(name))
}

const fixedParams = v.pipe(
  v.optional(v.pipe(v.unknown(), v.transform(withDetailsText), parameters), {}),
  v.check(
    (value) => detailsFlaw(value) === undefined,
    ({ input }) => detailsFlaw(input) ?? '',
  ),
  v.check(
    (value) => protocolParametersIn(value).length === 0,
    ({ input }) => `cannot set ${protocolParametersIn(input).join(', ')}: this package does, so leave it out`,
  ),
  v.check(
    (value) => isResponseMode(value['response_mode']),
    `must give "response_mode" as one of ${responseModes.join(', ')}`,
  ),
  v.check(
    ({ max_age: maxAge = '0' }) => /^\d{1,9}$/.test(maxAge),
    'must give "max_age" as a whole number of seconds, in digits',
  ),
  v.check(
    ({ acr_values: acrValues = 'any', organization = 'any' }) => acrValues.trim() !== '' && organization.trim() !== '',
    'must not give "acr_values" or "organization" without a value: no login would meet it, so leave it out',
  ),
)

/** Further parameters of every authorization request, or a function that returns them. */
export const authorizationParams = v.optional(
  v.lazy((given) => (typeof given === 'function' ? callback : fixedParams)),
  {},
)

const paramsOfOneLogin = v.pipe(
  fixedParams,
  v.check(
    (params) => params['response_mode'] === undefined,
    'must not set response_mode: give it in an object to oidc({ authorizationParams }), because the callback depends on it',
  ),
)

/**
 * Checks what the application's function `authorizationParams` has returned. Members that are `undefined` do not count.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseReturnedParams(returned: unknown): Readonly<Record<string, string>> {
  const isObject = typeof returned === 'object' && returned !== null
  return parseOptions('authorizationParams()', paramsOfOneLogin, isObject ? omitUndefined(returned) : returned)
}

/**
 * Checks the parameters that are given for one login. Members that are `undefined` do not count.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseLoginParams(params: AuthorizationParams): Readonly<Record<string, string>> {
  return parseOptions('login(): authorizationParams', paramsOfOneLogin, omitUndefined(params))
}

const listedScope = v.pipe(v.string(), v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope, without spaces'))

/** Scopes of a login, as one text. */
export const scope = v.pipe(
  v.union([text(whatScopes), v.array(listedScope)], `must be ${whatScopes}`),
  v.transform((value) => (typeof value === 'string' ? value : value.join(' '))),
  v.check(
    (value) => value.split(' ').includes('openid'),
    ({ input }) =>
      input.includes(',')
        ? 'must contain "openid", and have spaces between scopes, no commas'
        : 'must contain "openid"',
  ),
)

/** Whether browsers keep a cookie of a domain that a host sets. */
export function isWithinDomain({ hostname }: URL, domain: string | undefined): boolean {
  return domain === undefined || `.${hostname}`.endsWith(`.${domain.toLowerCase()}`)
}

/** Whether responses of the provider are a POST from its site. */
export function usesFormPost({ authorizationParams: { response_mode: mode } }: WithFixedParams): boolean {
  return mode === 'form_post' || mode === 'form_post.jwt'
}

/** Whether responses of the provider are signed (JARM). */
export function isSignedResponse({ authorizationParams: { response_mode: mode } }: WithFixedParams): boolean {
  return signedModes.includes(mode)
}

interface WithFixedParams {
  readonly authorizationParams: Readonly<Record<string, string>>
}
