import { isOidcError } from '../../../base/error-cause.js'
import type { OidcError } from '../../../errors.js'
import { browserReport } from '../../../provider/endpoints/error-report.js'
import type { ProviderMetadata } from '../../../provider/types.js'
import { type ClientAnswer, sendAsClient } from './client-request.js'
import { fail, type Finding, ok, unknown } from '../finding.js'
import { isReply, type NoReply, type Reply } from '../reach/requests.js'
import type { ClientServer } from '../server.js'

const check = 'redirect-uri'
// Nobody can have registered a name below .invalid (RFC 2606 section 2).
const never = 'https://never-registered.invalid/callback'

/** What "prompt=none" without a session is answered with (OpenID Connect Core section 3.1.2.6). */
const nobodyThere = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required']

const fixes: Readonly<Record<string, string>> = {
  invalid_scope: 'correct "scope", or have the provider allow these scopes to this client',
  unauthorized_client: 'allow the authorization code grant (standard flow) to this client at the provider',
  unsupported_response_type: 'allow the response type "code" to this client at the provider',
  invalid_target: 'correct "resource", or register the API at the provider',
}

/**
 * Sends the authorization request of a login with `prompt=none`, without a browser and without following the answer: a provider that
 * knows client and redirect URI has to send the browser back to it. Only that proves something; a page does not.
 */
export async function checkRedirectUri(
  server: ClientServer,
  metadata: ProviderMetadata,
  redirectUri: string,
): Promise<Finding> {
  const outcome = await ask(server, redirectUri)
  if (isOidcError(outcome)) return cannotBegin(server, redirectUri, outcome)
  if (!isReply(outcome)) {
    return unknown(check, `no answer to an authorization request: ${outcome.message}`, 'open the login in a browser')
  }
  const { location } = outcome
  if (location !== undefined && isBack(location, redirectUri)) return sentBack(location, redirectUri)
  if (isRefusal(outcome)) return refusedFinding(server, redirectUri, outcome)
  const control = await ask(server, never)
  const isControlRefused = isOidcError(control) || (isReply(control) && isRefusal(control))
  if (isControlRefused && outcome.status < 400) {
    return ok(check, `the provider goes on with ${redirectUri}, and refuses another one`)
  }
  return byPushedRequest(server, metadata, redirectUri, outcome.status)
}

// The provider checks a pushed request as it would check one that a browser brings (RFC 9126 section 2.1).
async function byPushedRequest(
  server: ClientServer,
  { pushed_authorization_request_endpoint: url, ...metadata }: ProviderMetadata,
  redirectUri: string,
  status: number,
): Promise<Finding> {
  const push = (uri: string): Promise<ClientAnswer> | undefined =>
    url === undefined ? undefined : sendAsClient(server, metadata, { url, parameters: pushedParameters(server, uri) })
  const [own, other] = [await push(redirectUri), await push(never)]
  if (own?.kind === 'success' && other?.kind === 'error') {
    return ok(check, `the provider takes a pushed request with ${redirectUri}, and refuses one with another`)
  }
  const message = `the answer to a login with ${redirectUri} proves nothing (status ${status}, and no way back)`
  return unknown(check, message, `compare what is registered with ${redirectUri}, or sign in once`)
}

function pushedParameters({ runtime }: ClientServer, redirectUri: string): Readonly<Record<string, string>> {
  const random = (): string => runtime.randomBytes(32).toString('base64url')
  const proof = { code_challenge: random(), code_challenge_method: 'S256' }
  return { response_type: 'code', redirect_uri: redirectUri, scope: 'openid', state: random(), ...proof }
}

async function ask(
  { provider, configuration, requests, runtime }: ClientServer,
  redirectUri: string,
): Promise<Reply | NoReply | OidcError> {
  const random = (): string => runtime.randomBytes(32).toString('base64url')
  // How the answer comes back makes no difference here, and a redirect is what can be seen.
  const { response_mode: _, ...parameters } = configuration.authorizationParams
  const request = { redirectUri, scope: configuration.scope, state: random(), nonce: random(), codeVerifier: random() }
  const { resource } = configuration
  try {
    const url = await provider.authorizationUrl({ ...request, resource, parameters: { ...parameters, prompt: 'none' } })
    return await requests.send(url, { headers: { accept: 'text/html' } })
  } catch (error) {
    if (isOidcError(error)) return error
    throw error
  }
}

function isBack({ origin, pathname }: URL, redirectUri: string): boolean {
  return origin + pathname === redirectUri
}

function sentBack({ searchParams }: URL, redirectUri: string): Finding {
  const { error = 'unknown', description } = browserReport(searchParams)
  if (!searchParams.has('error') || nobodyThere.includes(error)) {
    return ok(check, `the provider sends browsers back to ${redirectUri}`)
  }
  const why = description === undefined ? error : `${error}, ${JSON.stringify(description)}`
  const fix =
    fixes[error] ?? `look up ${error} in the log of the provider, and compare the options with the client there`
  return fail('authorization-request', `the provider knows ${redirectUri}, and refuses to sign in: ${why}`, fix)
}

// Providers show a page instead of a redirect: anything else could send people anywhere (RFC 6749 section 3.1.2.4).
function isRefusal({ status, text, location }: Reply): boolean {
  if (status === 400 || status === 401 || status === 422) return true
  if (location !== undefined) return /redirect_?(?:uri_?)?mismatch/i.test(location.href)
  return (status === 403 || status === 404) && /redirect|callback/i.test(text)
}

function refusedFinding({ client }: ClientServer, redirectUri: string, { status }: Reply): Finding {
  const message = `the provider does not accept an authorization request of client "${client.clientId}" with the redirect URI ${redirectUri} (status ${status}, and no way back)`
  return fail(check, message, registerIt(redirectUri))
}

function cannotBegin({ client }: ClientServer, redirectUri: string, error: OidcError): Finding {
  const { code, message, provider: report } = error
  const why = `a login of client "${client.clientId}" with ${redirectUri} cannot begin: ${message}`
  const known = fixes[report?.error ?? '']
  if (code !== 'authorization_failed' || known !== undefined) {
    return fail('authorization-request', why, known ?? 'correct the option that it is about, or look at the provider')
  }
  return fail(check, why, registerIt(redirectUri))
}

function registerIt(redirectUri: string): string {
  return `register exactly ${redirectUri} for this client (scheme, host, port, path and slashes count); if it is there, check the client ID`
}
