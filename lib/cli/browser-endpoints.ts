import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { isOidcError } from '../base/error-cause.js'
import { OAuthError } from '../testing/provider/answers.js'
import {
  type AuthorizationAnswer,
  authorize,
  endSession,
  isUsualRedirect,
  readAuthorizationRequest,
  requireRedirectUri,
} from '../testing/provider/authorization.js'
import { endpointPaths, isEndpointPath } from '../testing/provider/metadata.js'
import type { ProviderServer } from '../testing/provider/provider.js'
import type { ProviderState } from '../testing/provider/state.js'
import type { Respond } from '../http/outcome.js'
import { chooseUserPage, errorPage, postPage, signedOutPage } from './pages.js'

/** What a browser gets: a page, or the way to go on. */
type BrowserAnswer = Respond | { readonly location: string }

const maxBodyBytes = 65_536

/** Answers browsers with pages, and programs as the provider does. */
export function answerBrowsers(state: ProviderState, server: ProviderServer): RequestListener {
  return (req, res) => {
    void answer(state, server, req, res).catch((error: unknown) => {
      const isKnown = error instanceof OAuthError || isOidcError(error)
      send(res, errorPage(isKnown ? error.message : 'This request cannot be read.', 400))
    })
  }
}

async function answer(state: ProviderState, server: ProviderServer, req: IncomingMessage, res: ServerResponse) {
  const { issuer } = state.configuration
  const url = new URL(req.url ?? '/', issuer)
  // A web page whose host name was made to resolve to this machine is not one of ours.
  if (!isUsualRedirect(`http://${req.headers.host ?? ''}/`, true)) {
    send(res, errorPage('This provider is for this machine only.', 403))
    return
  }
  const form = new URLSearchParams(await bodyOf(req))
  const method = req.method ?? 'GET'
  if (url.pathname === endpointPaths.authorization) send(res, authorizationPage(state, { req, url, form }))
  else if (url.pathname === endpointPaths.endSession)
    send(res, logoutPage(state, method === 'POST' ? form : url.searchParams))
  else if (!isEndpointPath(url.pathname)) send(res, errorPage('There is nothing at this address.', 404))
  else await pass(server.answer({ method, url, headers: headersOf(req), form }), res)
}

interface BrowserRequest {
  readonly req: IncomingMessage
  readonly url: URL
  readonly form: URLSearchParams
}

function authorizationPage(state: ProviderState, { req, url, form }: BrowserRequest): BrowserAnswer {
  const decided = form.get('request')
  if (req.method === 'POST' && decided !== null) return decision(state, req, form, new URLSearchParams(decided))
  const request = readAuthorizationRequest(state, req.method === 'POST' ? form : url.searchParams)
  if (request.get('prompt') === 'none') return goBack(authorize(state, request, {}))
  return chooseUserPage([...state.configuration.users.values()], request)
}

function decision(
  state: ProviderState,
  req: IncomingMessage,
  form: URLSearchParams,
  request: URLSearchParams,
): BrowserAnswer {
  const site = req.headers['sec-fetch-site'] ?? 'same-origin'
  const { host, origin = `http://${host}` } = req.headers
  if (site !== 'same-origin' || origin !== `http://${host}`) {
    return errorPage('This form is not from here.', 403)
  }
  requireRedirectUri(state, request)
  const person = state.configuration.users.get(form.get('user') ?? '')
  return goBack(authorize(state, request, person === undefined ? { error: 'access_denied' } : { person }))
}

function goBack({ redirectUri, parameters, isPosted }: AuthorizationAnswer): BrowserAnswer {
  if (isPosted) return postPage(redirectUri, parameters)
  const url = new URL(redirectUri)
  for (const [name, value] of parameters) url.searchParams.set(name, value)
  return { location: url.href }
}

function logoutPage(state: ProviderState, query: URLSearchParams): BrowserAnswer {
  const location = endSession(state, query)
  return location === undefined ? signedOutPage() : { location }
}

function send(res: ServerResponse, answered: BrowserAnswer): void {
  if ('location' in answered) res.writeHead(303, { 'Cache-Control': 'no-store', Location: answered.location }).end()
  else res.writeHead(answered.status, answered.headers).end(answered.body)
}

async function pass(response: Response, res: ServerResponse): Promise<void> {
  res.writeHead(response.status, Object.fromEntries(response.headers)).end(Buffer.from(await response.arrayBuffer()))
}

function headersOf(req: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers))
    for (const each of [value ?? []].flat()) headers.append(name, each)
  return headers
}

async function bodyOf(req: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of req) {
    length += part.length
    if (length > maxBodyBytes) throw new OAuthError('invalid_request', 'the form is too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}
