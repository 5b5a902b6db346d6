import { createHash } from 'node:crypto'
import type { Seen } from '../kit/provider/provider.js'
import { endpointOf } from './calls.js'

/** The client as the provider has registered it. */
export interface RegisteredClient {
  readonly clientId: string
  readonly clientSecret: string
  readonly authentication: 'client_secret_basic' | 'client_secret_post'
  readonly redirectUri: string
  readonly postLogoutRedirectUri?: string
  readonly backchannelLogoutUri?: string
  readonly frontchannelLogoutUri?: string
  readonly responseMode?: 'form_post'
}

/** Names what is wrong with an authorization request; empty when nothing is. */
export function authorizationRequestFlaws(query: URLSearchParams, client: RegisteredClient): string[] {
  const is = (name: string, value: string | undefined) => query.get(name) === (value ?? null)
  const like = (name: string, pattern: RegExp) => pattern.test(query.get(name) ?? '')
  return flaws({
    'authorize: a parameter is repeated': new Set(query.keys()).size === [...query.keys()].length,
    'authorize: client_id': is('client_id', client.clientId),
    'authorize: redirect_uri': is('redirect_uri', client.redirectUri),
    'authorize: response_type': is('response_type', 'code'),
    'authorize: response_mode': is('response_mode', client.responseMode) || client.responseMode === undefined,
    'authorize: scope': (query.get('scope') ?? '').split(' ').includes('openid'),
    'authorize: code_challenge_method': is('code_challenge_method', 'S256'),
    'authorize: code_challenge': like('code_challenge', /^[\w-]{43}$/),
    // The suite refuses a nonce of more than 43 characters.
    'authorize: nonce': like('nonce', /^[\w-]{22,43}$/),
    'authorize: state': like('state', /^[\w.~-]{22,128}$/),
  })
}

/** Names what is wrong with a code exchange, given the authorization request that the code answered. */
export function codeExchangeFlaws(request: Seen, client: RegisteredClient, authorized: URLSearchParams): string[] {
  const verifier = request.body.get('code_verifier') ?? ''
  return flaws({
    'token: redirect_uri': request.body.get('redirect_uri') === client.redirectUri,
    'token: code_verifier syntax': /^[\w.~-]{43,128}$/.test(verifier),
    'token: code_verifier': sha256(verifier) === authorized.get('code_challenge'),
  })
}

/** Names what is wrong with a refresh: it asks for nothing that was not granted (RFC 6749 section 6). */
export function refreshFlaws({ body }: Seen, authorized: URLSearchParams): string[] {
  const granted = (authorized.get('scope') ?? '').split(' ')
  const asked = (body.get('scope') ?? '').split(' ').filter((name) => name !== '')
  return flaws({ 'token: a wider scope than was granted': asked.every((name) => granted.includes(name)) })
}

/** Names what is wrong with the way a token request is made and its client authenticated. */
export function clientAuthenticationFlaws(request: Seen, client: RegisteredClient): string[] {
  const [user, password] = basicCredentials(request.headers.get('authorization'))
  const posted = request.body.get('client_secret')
  const basic = client.authentication === 'client_secret_basic'
  return flaws({
    'token: method': request.method === 'POST',
    'token: content type': /^application\/x-www-form-urlencoded/.test(request.headers.get('content-type') ?? ''),
    'token: query': request.url.search === '',
    'token: client_id': (basic ? user : request.body.get('client_id')) === client.clientId,
    'token: client_secret': (basic ? password : posted) === client.clientSecret,
    'token: two client authentications': basic ? posted === null : !request.headers.has('authorization'),
  })
}

/** Names what is wrong with a userinfo request, apart from the token's value. */
export function userinfoRequestFlaws({ method, url, body }: Seen): string[] {
  return flaws({
    'userinfo: method': method === 'GET' || method === 'POST',
    'userinfo: access token outside of the Authorization header':
      !url.searchParams.has('access_token') && !body.has('access_token'),
  })
}

/** Names what is wrong with an end-session request (OpenID Connect RP-Initiated Logout 1.0 section 2). */
export function endSessionFlaws(
  parameters: URLSearchParams,
  client: RegisteredClient,
  hasIssuedHint: boolean,
): string[] {
  return flaws({
    'end_session: a parameter is repeated': new Set(parameters.keys()).size === [...parameters.keys()].length,
    'end_session: client_id': parameters.get('client_id') === client.clientId,
    'end_session: id_token_hint': hasIssuedHint,
    'end_session: post_logout_redirect_uri':
      parameters.get('post_logout_redirect_uri') === client.postLogoutRedirectUri,
    // The suite leaves two of its three modules out where there is none.
    'end_session: state': /^[\w.~-]{22,128}$/.test(parameters.get('state') ?? ''),
  })
}

function flaws(rules: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(rules).flatMap(([rule, kept]) => (kept ? [] : [rule]))
}

function basicCredentials(authorization: string | null): string[] {
  const encoded = /^Basic (.+)$/i.exec(authorization ?? '')?.[1] ?? ''
  const [user, password] = Buffer.from(encoded, 'base64').toString().split(':')
  return [user ?? '', password ?? ''].map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Names what a module misses in the requests of a whole run; empty when nothing is. */
export type Demand = (requests: readonly Seen[]) => string[]

/** Asks for at least one of the scopes that stand for claims (OpenID Connect Core section 5.4). */
export const asksForClaims: Demand = (requests) => {
  const scopes = requests.flatMap((request) =>
    endpointOf(request) === 'authorize' ? (request.url.searchParams.get('scope') ?? '').split(' ') : [],
  )
  return flaws({
    'a scope for claims': ['profile', 'email', 'phone', 'address'].some((scope) => scopes.includes(scope)),
  })
}

/** Authenticates at the token endpoint by HTTP Basic. */
export const sendsBasicCredentials: Demand = (requests) => authorizes(requests, 'token', 'Basic ')

/** Sends the access token in the Authorization header. */
export const sendsBearerHeader: Demand = (requests) => authorizes(requests, 'userinfo', 'Bearer ')

function authorizes(requests: readonly Seen[], endpoint: string, scheme: string): string[] {
  const asked = requests.filter((request) => endpointOf(request) === endpoint)
  const all = asked.every(({ headers }) => headers.get('authorization')?.startsWith(scheme))
  return flaws({ [`${endpoint} asked with ${scheme}`]: asked.length > 0 && all })
}
