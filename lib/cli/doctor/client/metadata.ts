import type { JsonObject } from '../../../base/json.js'
import { algorithmNames, includesAlgorithm, secretAlgorithm } from '../../../options/common/algorithms.js'
import type { OidcConfiguration } from '../../../options/oidc/schema.js'
import { fail, type Finding, ok, unknown, warn } from '../finding.js'

type Metadata = Readonly<JsonObject>

/** Compares what the provider says that it supports with what a login here uses. */
export function checkMetadata(metadata: Metadata, configuration: OidcConfiguration): readonly Finding[] {
  return [
    ...endpoints(metadata, configuration),
    pkce(metadata),
    algorithms(metadata, configuration),
    scopes(metadata, configuration),
    responseMode(metadata, configuration),
    ...logouts(metadata, configuration),
  ]
}

/** A list of names in metadata; `undefined` if the provider does not say. */
export function namesIn(metadata: Metadata, member: string): readonly string[] | undefined {
  const listed = metadata[member]
  if (!Array.isArray(listed)) return undefined
  return listed.filter((name): name is string => typeof name === 'string' && /^[\x21-\x7e]{1,200}$/.test(name))
}

function endpoints(metadata: Metadata, { idTokenSigningAlg }: OidcConfiguration): readonly Finding[] {
  const keys = secretAlgorithm(idTokenSigningAlg) === undefined ? ['jwks_uri'] : []
  const needed = ['authorization_endpoint', 'token_endpoint', ...keys]
  const missing = needed.filter((name) => typeof metadata[name] !== 'string')
  const lacking = fail(
    'metadata',
    `the metadata lacks ${missing.join(', ')}`,
    'give them in the option "metadata", if this is an OpenID provider at all',
  )
  const types = namesIn(metadata, 'response_types_supported')
  const noCode = warn(
    'metadata',
    'the provider does not list the response type "code", which every login uses',
    'switch the authorization code flow on at the provider',
  )
  const isWithoutCode = types !== undefined && !types.some((type) => type.split(' ').includes('code'))
  const found = [...(missing.length > 0 ? [lacking] : []), ...(isWithoutCode ? [noCode] : [])]
  return found.length > 0 ? found : [ok('metadata', 'the metadata has all endpoints that a login uses')]
}

function pkce(metadata: Metadata): Finding {
  const methods = namesIn(metadata, 'code_challenge_methods_supported')
  if (methods?.includes('S256')) return ok('pkce', 'the provider supports PKCE with S256')
  if (methods === undefined) {
    const fix = "look it up in the provider's documentation: a provider that ignores PKCE leaves codes less protected"
    return unknown('pkce', 'the provider does not say whether it supports PKCE, which every login uses', fix)
  }
  return fail(
    'pkce',
    `the provider supports PKCE with ${methods.join(', ') || 'nothing'}, and every login needs S256`,
    'allow S256 for this client at the provider',
  )
}

function algorithms(metadata: Metadata, { idTokenSigningAlg }: OidcConfiguration): Finding {
  const accepted = algorithmNames(idTokenSigningAlg)
  const listed = namesIn(metadata, 'id_token_signing_alg_values_supported')
  const own = accepted.join(' or ')
  if (listed === undefined) {
    const fix = 'compare "idTokenSigningAlg" with what this client is registered with'
    return unknown('algorithms', 'the provider does not say how it signs ID Tokens', fix)
  }
  if (listed.some((name) => includesAlgorithm(accepted, name))) {
    return ok(
      'algorithms',
      `the provider can sign ID Tokens with ${own}; whether this client is registered with it, a login shows`,
    )
  }
  return warn(
    'algorithms',
    `the provider says that it signs ID Tokens with ${listed.join(', ') || 'nothing'}, and "idTokenSigningAlg" accepts ${own} only`,
    `set "idTokenSigningAlg" to what this client is registered with there${listed[0] === undefined ? '' : `, such as '${listed[0]}'`}`,
  )
}

function scopes(metadata: Metadata, { scope }: OidcConfiguration): Finding {
  const supported = namesIn(metadata, 'scopes_supported')
  const asked = scope.split(' ').filter((name) => name !== '')
  if (supported === undefined) {
    return unknown('scopes', 'the provider does not list its scopes', 'a login shows whether it grants all of them')
  }
  const others = asked.filter((name) => !supported.includes(name))
  if (others.length === 0) return ok('scopes', `the provider knows ${asked.join(', ')}`)
  return warn(
    'scopes',
    `the provider does not list ${others.join(', ')} among its scopes (it need not list all)`,
    'correct or remove them in "scope", or have the provider allow them to this client',
  )
}

function responseMode(metadata: Metadata, { authorizationParams, authorizationParamsOf }: OidcConfiguration): Finding {
  const check = 'response-mode'
  if (authorizationParamsOf !== undefined) {
    return unknown(check, 'a function gives the parameters of each login', 'check whether it returns "response_mode"')
  }
  const { response_mode: mode = 'query' } = authorizationParams
  // What is supported if the provider does not say (OpenID Connect Discovery section 3).
  const supported = namesIn(metadata, 'response_modes_supported') ?? ['query', 'fragment']
  if (supported.includes(mode)) return ok(check, `the provider supports "${mode}"`)
  return warn(
    check,
    `the provider does not list the response mode "${mode}"`,
    'remove "response_mode" from "authorizationParams", or switch it on at the provider',
  )
}

function logouts(metadata: Metadata, { logout, routes }: OidcConfiguration): readonly Finding[] {
  const hasEndSession = typeof metadata['end_session_endpoint'] === 'string'
  const onward = !logout.atProvider
    ? ok('logout', '"logout.atProvider" is false: a logout ends the session here only')
    : hasEndSession
      ? ok('logout', 'a logout ends the session at the provider too')
      : warn(
          'logout',
          'the provider has no end_session_endpoint: a logout ends the session here only, and the next login may need no password',
          'switch logout on at the provider, give the endpoint in "metadata", or set "logout.atProvider" to false to say so',
        )
  return [onward, ...backchannel(metadata, routes)]
}

function backchannel(metadata: Metadata, { backchannelLogout, frontchannelLogout }: OidcConfiguration['routes']) {
  const supports = (channel: string): boolean => metadata[`${channel}_logout_supported`] === true
  const ways = [
    ...(supports('backchannel') && backchannelLogout !== false ? ['back-channel'] : []),
    ...(supports('frontchannel') && frontchannelLogout !== false ? ['front-channel'] : []),
  ]
  if (ways.length === 0) return []
  return [
    ok('provider-logout', `the provider can report logouts (${ways.join(', ')}), once the URL below is registered`),
  ]
}
