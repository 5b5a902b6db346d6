import { equalSecrets } from '../../base/constant-time.js'
import { type JsonObject, omitUndefined } from '../../base/json.js'
import { OAuthError, type ProviderRequest, json, required } from './answers.js'
import { requireRedirectUri } from './authorization.js'
import { authenticateClient } from './client-authentication.js'
import { provedKey } from './dpop.js'
import type { IssuedToken, ProviderState } from './state.js'

const pushedSeconds = 60

/** UserInfo (OpenID Connect Core section 5.3). */
export function answerUserinfo(state: ProviderState, request: ProviderRequest): Response {
  const [, scheme = '', token = ''] = /^(Bearer|DPoP) (\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  const issued = activeToken(state, token)
  if (issued?.kind !== 'access') throw invalidToken('is unknown, revoked or expired')
  const { person, jkt } = issued.grant
  if (person === undefined) throw invalidToken('is nobody’s')
  const isProved = scheme === 'DPoP' && provedKey(state, request, token) === jkt
  if (jkt !== undefined && !isProved) throw invalidToken('is bound to another key')
  return json(person.claims)
}

function invalidToken(why: string): OAuthError {
  return new OAuthError('invalid_token', `the access token ${why}`, 401)
}

/** Introspection (RFC 7662 section 2). */
export function answerIntrospection(state: ProviderState, request: ProviderRequest): Response {
  authenticateClient(state, request)
  const issued = activeToken(state, required(request.form, 'token'))
  if (issued === undefined) return json({ active: false })
  const tokenType = issued.grant.jkt === undefined ? 'Bearer' : 'DPoP'
  const described: JsonObject = { active: true, ...issued.claims, username: issued.grant.person?.name }
  return json(omitUndefined({ ...described, token_type: issued.kind === 'access' ? tokenType : undefined }))
}

/** Revocation (RFC 7009 section 2). */
export function answerRevocation(state: ProviderState, request: ProviderRequest): Response {
  const clientId = authenticateClient(state, request)
  const token = required(request.form, 'token')
  if (equalSecrets(state.tokens.get(token)?.grant.clientId ?? clientId, clientId)) state.tokens.delete(token)
  return new Response(null, { status: 200 })
}

/** Pushed authorization requests (RFC 9126 section 2). */
export function answerPushed(state: ProviderState, request: ProviderRequest): Response {
  const clientId = authenticateClient(state, request)
  const { form } = request
  if (form.has('request_uri')) throw new OAuthError('invalid_request', 'request_uri cannot be pushed')
  // How the client has authenticated is no part of the request (RFC 9126 section 2.1).
  for (const name of ['client_secret', 'client_assertion', 'client_assertion_type']) form.delete(name)
  form.set('client_id', clientId)
  requireRedirectUri(state, form)
  const jkt = provedKey(state, request)
  if (jkt !== undefined) form.set('dpop_jkt', jkt)
  const uri = `urn:ietf:params:oauth:request_uri:${state.clock.newName()}`
  state.pushed.set(uri, { parameters: form, expiresAt: state.clock.seconds + pushedSeconds })
  return json({ request_uri: uri, expires_in: pushedSeconds }, 201)
}

function activeToken({ tokens, clock }: ProviderState, token: string): IssuedToken | undefined {
  const issued = tokens.get(token)
  return issued !== undefined && issued.expiresAt > clock.seconds ? issued : undefined
}
