import { isOidcError } from '../../../base/error-cause.js'
import { parseJsonObject } from '../../../base/json.js'
import { sendWithNonce } from '../../../fetch/dpop.js'
import type { ClientAuthenticationMethod } from '../../../options/common/client-authentication.js'
import { createCurrentAuthentication } from '../../../provider/authentication/client-authentication.js'
import { bodyReport } from '../../../provider/endpoints/error-report.js'
import { serverMetadata } from '../../../provider/openid-client.js'
import type { ProviderMetadata } from '../../../provider/types.js'
import { isReply, type NoReply, type Reply } from '../reach/requests.js'
import type { ClientServer } from '../server.js'

/** A request in which the client proves who it is. */
export interface ClientRequest {
  readonly url: string
  readonly parameters: Readonly<Record<string, string>>
  /** Another method than that of the options. */
  readonly method?: ClientAuthenticationMethod
  /** Whether to send credentials that are made up, to see what the provider makes of those. */
  readonly isSpoiled?: boolean
}

/** What an endpoint answered. */
export type ClientAnswer = {
  /** How the client has proved who it is. */
  readonly method: ClientAuthenticationMethod
  /** The answer, in words for people. */
  readonly words: string
} & (
  | { readonly kind: 'success' }
  /** The client was refused (RFC 6749 section 5.2), and not what it asked for. */
  | { readonly kind: 'refused-client' }
  | { readonly kind: 'error'; readonly error: string }
  /** Anything that is no answer of an OAuth endpoint. */
  | { readonly kind: 'other' }
)

type Answer = ClientAnswer extends infer Each ? (Each extends unknown ? Omit<Each, 'method'> : never) : never

/** Sends a request as the middleware would. */
export async function sendAsClient(
  server: ClientServer,
  metadata: ProviderMetadata,
  request: ClientRequest,
): Promise<ClientAnswer> {
  try {
    const { dpop } = server.provider
    const send = () => sendOnce(server, metadata, request)
    if (dpop === undefined) return await send()
    return await sendWithNonce({ dpop, url: new URL(request.url), send, asksAgain: isNonceError })
  } catch (error) {
    // A function that looks credentials up may fail.
    const words = isOidcError(error) ? error.message : 'the credentials could not be looked up'
    return { kind: 'other', method: server.client.clientAuthentication ?? 'none', words }
  }
}

function isNonceError(answer: ClientAnswer): boolean {
  return answer.kind === 'error' && answer.error === 'use_dpop_nonce'
}

async function sendOnce(
  { client, runtime, requests, provider }: ClientServer,
  metadata: ProviderMetadata,
  { url, parameters, method, isSpoiled }: ClientRequest,
): Promise<ClientAnswer> {
  const identity = method === undefined ? client : { ...client, clientAuthentication: method }
  const body = new URLSearchParams(parameters)
  const headers = new Headers({ accept: 'application/json' })
  const authenticate = createCurrentAuthentication(identity, runtime)
  await authenticate(serverMetadata(metadata), { client_id: client.clientId }, body, headers)
  if (isSpoiled === true) spoil(body, headers, runtime.randomBytes(32).toString('base64url'))
  const { dpop } = provider
  if (dpop !== undefined) headers.set('dpop', dpop.prove({ method: 'POST', url: new URL(url) }))
  const outcome = await requests.send(url, { method: 'POST', headers: Object.fromEntries(headers), body })
  if (isReply(outcome)) dpop?.rememberNonce(new URL(url), outcome.header('dpop-nonce'))
  return {
    ...answerIn(outcome, proofsIn(body, headers)),
    method: identity.clientAuthentication ?? methodIn(body, headers),
  }
}

function methodIn(body: URLSearchParams, headers: Headers): ClientAuthenticationMethod {
  if (headers.has('authorization')) return 'client_secret_basic'
  if (body.has('client_secret')) return 'client_secret_post'
  return body.has('client_assertion') ? 'private_key_jwt' : 'none'
}

/** What must not be printed, even if the provider repeats it. */
function proofsIn(body: URLSearchParams, headers: Headers): readonly string[] {
  const [, basic = ''] = (headers.get('authorization') ?? '').split(' ')
  const password = Buffer.from(basic, 'base64').toString().split(':').slice(1).join(':')
  const decoded = new URLSearchParams(`secret=${password}`).get('secret')
  const proofs = [body.get('client_secret'), body.get('client_assertion'), password, decoded]
  return proofs.filter((proof) => proof !== null).filter((proof) => proof !== '')
}

/** Replaces what proves the identity. Where nothing does, the client ID is replaced. */
function spoil(body: URLSearchParams, headers: Headers, random: string): void {
  const [scheme, basic = ''] = (headers.get('authorization') ?? '').split(' ')
  const assertion = body.get('client_assertion')
  if (scheme === 'Basic') {
    const spoiled = Buffer.from(basic, 'base64').toString().replace(/:.*/s, `:${random}`)
    headers.set('authorization', `Basic ${Buffer.from(spoiled).toString('base64')}`)
  } else if (assertion !== null) {
    const other = ({ length }: string): string => random.repeat(Math.ceil(length / random.length)).slice(0, length)
    body.set('client_assertion', assertion.replace(/[^.]*$/, other))
  } else if (body.has('client_secret')) body.set('client_secret', random)
  else body.set('client_id', `unknown-${random.slice(0, 12)}`)
}

function answerIn(outcome: Reply | NoReply, proofs: readonly string[]): Answer {
  if (!isReply(outcome)) return { kind: 'other', words: outcome.message }
  const { status, text } = outcome
  const document = parseJsonObject(text)
  const { error, description } = bodyReport(document) ?? {}
  const words = [`status ${status}`, ...(error === undefined ? [] : [error, ...safely(description, proofs)])].join(', ')
  if (status === 401 || error === 'invalid_client') return { kind: 'refused-client', words }
  if (error !== undefined) return { kind: 'error', error, words }
  const isAnswer = document !== undefined || text.trim() === ''
  return { kind: status >= 200 && status < 300 && isAnswer ? 'success' : 'other', words }
}

function safely(description: string | undefined, proofs: readonly string[]): readonly string[] {
  if (description === undefined || proofs.some((proof) => description.includes(proof))) return []
  return [JSON.stringify(description)]
}
