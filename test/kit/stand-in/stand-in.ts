import type { Clock } from '../clock.js'
import { Grants } from '../provider/grants.js'
import { otherRsaKey, rsaKey, signJws } from '../provider/keys.js'
import { type Seen, FakeProvider } from '../provider/provider.js'
import { type Deviations, type Json, type Login, challengeOf } from './deviations.js'

/** The client that a stand-in knows. */
export interface StandInClient {
  readonly clientId: string
  readonly clientSecret: string
  readonly clock: Clock
}

/** A provider that is reached by `fetch` only, under its real host name, and behaves as the real one's documents say. */
export interface StandIn {
  readonly fetch: typeof fetch
  /** Requests to the token endpoint. */
  readonly tokenRequests: readonly Seen[]
  /** Signs the person in: takes the URL that the browser was sent to, and returns what the provider sends to the callback. */
  authorize(url: string): { readonly redirectUri: string; readonly response: URLSearchParams }
  /** Where a browser that was sent to log out is sent on to. */
  logOut(url: string): string
  /** Kills all refresh tokens, as when an administrator signs somebody out. */
  revoke(): void
  /** A token as the provider signs them for APIs, or with a key that is not the provider's. */
  apiToken(changes?: Json, foreign?: boolean): string
}

const refused = { status: 400, body: { error: 'invalid_grant' } }

/** Starts a stand-in for the provider that deviates so. */
export function startStandIn(row: Deviations, client: StandInClient): StandIn {
  const base = row.endpoints ?? row.issuer.replace(/\/$/, '')
  const paths = documentsOf(row, base)
  const grants = new Grants<Login>()
  const tokenRequests: Seen[] = []
  const provider = new FakeProvider({ issuer: row.issuer, clock: client.clock })
  const seconds = () => Math.floor(client.clock.seconds)

  const sign = (claims: Json, header: Json = {}, key = rsaKey) =>
    signJws({ alg: 'RS256', typ: 'JWT', kid: rsaKey.kid, ...header }, claims, key)
  const usual = () => ({ iss: row.tokenIssuer ?? row.issuer, iat: seconds(), exp: seconds() + 3600 })

  function tokensFor(login: Login, isRefresh: boolean): Response {
    const idToken = { ...usual(), sub: row.sub, aud: login.clientId, ...nonceOf(login), ...row.idToken?.(login) }
    const access = row.accessToken?.(login)
    return Response.json({
      access_token:
        access === undefined ? grants.accessToken(login) : sign({ ...usual(), ...access }, row.accessTokenHeader),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: login.scopes.join(' '),
      refresh_token: row.refreshes?.(login) === false ? undefined : grants.refreshToken(login),
      id_token: isRefresh && row.idTokenAtRefresh === false ? undefined : sign(idToken),
      ...row.tokenResponse,
    })
  }

  function token(request: Seen): Response {
    tokenRequests.push(request)
    const { body } = request
    const secret = secretIn(request)
    const isKnown = row.isSecret?.(secret) ?? secret === client.clientSecret
    if (!isKnown) return Response.json({ error: 'invalid_client' }, { status: 401 })
    const redeemed = grants.redeem(body)
    if (redeemed?.isRefresh) return tokensFor(redeemed.login, true)
    const { status, body: dead } = row.deadRefreshToken ?? refused
    if (body.get('grant_type') === 'refresh_token') return Response.json(dead, { status })
    const login = redeemed?.login
    const isOwn =
      login?.redirectUri === body.get('redirect_uri') &&
      login?.request.get('code_challenge') === challengeOf(body.get('code_verifier') ?? '')
    if (login === undefined || !isOwn) return Response.json(refused.body, { status: refused.status })
    return tokensFor(login, false)
  }

  const answers: Readonly<Record<string, (request: Seen) => Response>> = {
    [paths.discovery]: () => Response.json(paths.metadata),
    [paths.keys]: () => Response.json({ keys: [{ ...rsaKey.jwk, kid: rsaKey.kid, use: 'sig', ...row.key }] }),
    [paths.token]: token,
    [paths.revocation]: () => new Response(''),
  }

  // The endpoints of some providers are on several hosts.
  provider.intercept = (_url, request) =>
    answers[request.url.origin + request.url.pathname]?.(request) ?? new Response('', { status: 404 })

  return {
    tokenRequests,
    fetch: provider.fetch,
    authorize(text) {
      const url = new URL(text)
      const { searchParams: request } = url
      const scopes = (request.get('scope') ?? '').split(' ')
      const problem = problemOf(row, `${url.origin}${url.pathname}` === paths.authorization, request, client)
      if (problem !== undefined) throw new Error(`the stand-in shows an error page: ${problem}`)
      const redirectUri = request.get('redirect_uri') ?? ''
      const code = grants.code({ clientId: client.clientId, redirectUri, scopes, request, at: seconds() })
      return { redirectUri, response: new URLSearchParams({ code, state: request.get('state') ?? '' }) }
    },
    logOut(text) {
      const url = new URL(text)
      if (`${url.origin}${url.pathname}` !== paths.logout) throw new Error(`nobody logs out at ${url.href}`)
      if (url.searchParams.get('client_id') !== client.clientId) throw new Error('the client is unknown')
      const target = new URL(url.searchParams.get(row.logoutRedirect ?? 'post_logout_redirect_uri') ?? '')
      const state = url.searchParams.get('state')
      if (state !== null) target.searchParams.set('state', state)
      return target.href
    },
    revoke: () => grants.revokeRefreshTokens(),
    apiToken: (changes = {}, foreign = false) =>
      sign({ ...usual(), ...row.apiToken, ...changes }, row.accessTokenHeader, foreign ? otherRsaKey : rsaKey),
  }
}

function documentsOf(row: Deviations, base: string) {
  const usual = {
    issuer: row.issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/keys`,
    userinfo_endpoint: `${base}/userinfo`,
    revocation_endpoint: `${base}/revoke`,
    end_session_endpoint: `${base}/logout`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
  }
  const metadata = { ...usual, ...row.metadata }
  return {
    metadata,
    discovery: row.discovery ?? `${row.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    authorization: metadata.authorization_endpoint,
    token: metadata.token_endpoint,
    keys: metadata.jwks_uri,
    revocation: metadata.revocation_endpoint,
    logout: row.logout ?? metadata.end_session_endpoint,
  }
}

function problemOf(row: Deviations, isHere: boolean, request: URLSearchParams, client: StandInClient) {
  if (!isHere) return 'there is no such page'
  if (request.get('client_id') !== client.clientId) return 'invalid_client'
  if (request.get('response_type') !== 'code') return 'unsupported_response_type'
  const unknown = (request.get('scope') ?? '').split(' ').find((scope) => row.scopes?.includes(scope) === false)
  return unknown === undefined ? undefined : `invalid_scope: ${unknown}`
}

function nonceOf({ request }: Login): Json {
  const nonce = request.get('nonce')
  return nonce === null ? {} : { nonce }
}

function secretIn({ headers, body }: Seen): string {
  const basic = headers.get('authorization')?.replace(/^Basic /, '')
  if (basic === undefined) return body.get('client_secret') ?? ''
  // RFC 6749 section 2.3.1: both halves are encoded as in a form.
  const [, secret = ''] = Buffer.from(basic, 'base64').toString().split(':')
  return decodeURIComponent(secret.replaceAll('+', ' '))
}
