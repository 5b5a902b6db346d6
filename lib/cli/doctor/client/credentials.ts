import type { ClientAuthenticationMethod } from '../../../options/common/client-authentication.js'
import type { ProviderMetadata } from '../../../provider/types.js'
import { type ClientAnswer, type ClientRequest, sendAsClient } from './client-request.js'
import { fail, type Finding, ok, unknown, warn } from '../finding.js'
import type { ClientServer } from '../server.js'

const check = 'client'

/**
 * Asks whether the provider accepts this client's credentials, by exchanging a code that was never issued: RFC 6749 section 5.2 has
 * one error for a client that is refused, and others for what it asks. Some providers look at the code first, so the same is sent
 * with made-up credentials: only if that is refused do the real ones count as accepted.
 */
export async function checkClient(
  server: ClientServer,
  metadata: ProviderMetadata,
  redirectUri: string,
): Promise<Finding> {
  const doubts: Finding[] = []
  for (const probe of probesOf(server, metadata, redirectUri)) {
    const answer = await sendAsClient(server, metadata, probe)
    if (answer.kind === 'refused-client') {
      const isElsewhere = probe.url === metadata.revocation_endpoint
      return isElsewhere ? refusedElsewhere(server, answer) : refusedFinding(server, metadata, probe, answer)
    }
    if (answer.kind === 'other') doubts.push(noAnswer(probe, answer))
    else {
      const control = await sendAsClient(server, metadata, { ...probe, isSpoiled: true })
      if (control.kind === 'refused-client') return acceptedFinding(server, answer, 'code' in probe.parameters)
      doubts.push(undecidedFinding(server, answer))
    }
  }
  return doubts[0] ?? unknown(check, 'the provider has no endpoint to ask', 'sign in once')
}

function probesOf(
  { runtime }: ClientServer,
  metadata: ProviderMetadata,
  redirectUri: string,
): readonly ClientRequest[] {
  const random = (): string => runtime.randomBytes(32).toString('base64url')
  const {
    token_endpoint: token,
    pushed_authorization_request_endpoint: par,
    revocation_endpoint: revocation,
  } = metadata
  const made = { grant_type: 'authorization_code', code: random(), redirect_uri: redirectUri, code_verifier: random() }
  const pushed = {
    ...{ response_type: 'code', redirect_uri: redirectUri, scope: 'openid', state: random() },
    ...{ code_challenge: random(), code_challenge_method: 'S256' },
  }
  return [
    ...(token === undefined ? [] : [{ url: token, parameters: made }]),
    ...(par === undefined ? [] : [{ url: par, parameters: pushed }]),
    // A token that does not exist is revoked with success, after the client was checked (RFC 7009 section 2.2).
    ...(revocation === undefined ? [] : [{ url: revocation, parameters: { token: random() } }]),
  ]
}

function noAnswer({ url }: ClientRequest, { words }: ClientAnswer): Finding {
  const { origin, pathname } = new URL(url)
  const fix = 'check whether that endpoint can be reached from here, and look at the log of the provider'
  return unknown(check, `${origin}${pathname} gives no answer of an OAuth endpoint: ${words}`, fix)
}

function acceptedFinding({ client }: ClientServer, answer: ClientAnswer, isExchange: boolean): Finding {
  const { clientId } = client
  const isForbidden =
    answer.kind === 'error' && ['unauthorized_client', 'unsupported_grant_type'].includes(answer.error)
  if (isForbidden) {
    const message = `the provider knows the client "${clientId}", and does not let it exchange codes (${answer.words})`
    return fail(check, message, 'allow the authorization code grant (standard flow) to this client at the provider')
  }
  if (isExchange && answer.kind === 'error' && answer.error !== 'invalid_grant') {
    const message = `the provider knows the client "${clientId}", and does not answer a made-up code with invalid_grant (${answer.words})`
    return warn(
      check,
      message,
      'check whether this client may use the authorization code grant (standard flow) at the provider',
    )
  }
  return ok(check, praiseFor(answer.method, clientId))
}

function praiseFor(method: string, clientId: string): string {
  if (method === 'none') return `the provider knows the client "${clientId}", and takes it without credentials`
  if (method.includes('tls'))
    return `the provider takes the client "${clientId}" with its certificate, and no other client`
  return `the provider accepts the credentials of the client "${clientId}", and refuses made-up ones`
}

function undecidedFinding({ client }: ClientServer, { method }: ClientAnswer): Finding {
  const made = method === 'none' ? 'a made-up client ID' : 'made-up credentials'
  const message = `the provider does not refuse ${made} either, so nothing is proven for the client "${client.clientId}"`
  return unknown(
    check,
    message,
    'sign in once: if that ends with provider_refused_client, the credentials are incorrect',
  )
}

const others: Readonly<Record<string, ClientAuthenticationMethod>> = {
  client_secret_basic: 'client_secret_post',
  client_secret_post: 'client_secret_basic',
}

async function refusedFinding(
  server: ClientServer,
  metadata: ProviderMetadata,
  probe: ClientRequest,
  { words, method }: ClientAnswer,
): Promise<Finding> {
  const { client } = server
  const message = `the provider refuses the client "${client.clientId}" (${words})`
  const other = others[method]
  if (other !== undefined) {
    const answer = await sendAsClient(server, metadata, { ...probe, method: other })
    if (answer.kind === 'error' || answer.kind === 'success') {
      const fix = `set "clientAuthentication" to '${other}', or change the method of this client at the provider`
      return fail(check, `${message} with ${method}, and takes it with ${other}`, fix)
    }
  }
  return fail(check, message, fixFor(method))
}

// That endpoint may have methods of authentication of its own (RFC 8414 section 2).
function refusedElsewhere({ client }: ClientServer, { words, method }: ClientAnswer): Finding {
  const message = `the provider refuses the client "${client.clientId}" at its revocation endpoint (${words}), and does not say so at the token endpoint`
  return warn(check, message, fixFor(method))
}

function fixFor(method: string): string {
  if (method === 'none') {
    return 'give "clientSecret" (CLIENT_SECRET), since the client is not public there, or correct "clientId"'
  }
  if (method.startsWith('client_secret')) {
    return 'copy client ID and client secret once more (CLIENT_ID, CLIENT_SECRET): the secret itself and not its ID, not expired, without spaces around it'
  }
  if (method === 'private_key_jwt') {
    return 'register the public key (of "clientKeys" or "clientAssertionKey") at the provider, with its "kid", or correct "clientId"; "clientAssertionAudience" may have to be \'token_endpoint\''
  }
  return 'register the certificate of "tls" for this client at the provider, or correct "clientId"'
}

/** Whether the provider lists the method that the options choose. */
export function checkMethod({ client }: ClientServer, metadata: ProviderMetadata): readonly Finding[] {
  const listed: unknown = metadata['token_endpoint_auth_methods_supported']
  const { clientAuthentication: method } = client
  if (method === undefined || !Array.isArray(listed) || listed.includes(method)) return []
  const fix = 'leave "clientAuthentication" out to have it chosen, or switch the method on at the provider'
  return [warn('authentication-method', `the provider does not list the method ${method}`, fix)]
}
