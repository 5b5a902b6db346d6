import { ProviderError, TransactionError } from '../errors.js'
import type { AppResponse, Send } from './agent.js'
import { CookieJar } from './cookie-jar.js'
import {
  type AuthorizationAnswer,
  type Decision,
  authorize,
  endSession,
  readAuthorizationRequest,
} from './provider/authorization.js'
import { endpointPaths } from './provider/metadata.js'
import type { ProviderServer } from './provider/provider.js'
import type { ProviderState } from './provider/state.js'

/** A browser's walk through the application's own routes. */
export interface Walked {
  /** Status of the application's last response. */
  readonly status: number
  /** Where it sends the browser. */
  readonly location: string | undefined
  /** The `Cookie` header of the browser afterwards. */
  readonly cookie: string
}

/** A login that went to the provider and back. */
export interface WalkedLogin extends Walked {
  readonly clientId: string
  readonly redirectUri: string
  /** Where the last request was sent, if its sender says so. */
  readonly sentTo: string | undefined
}

const maxRedirects = 10

/** One browser, the application and the provider. */
export class Walk {
  readonly #send: Send
  readonly #state: ProviderState
  readonly #server: ProviderServer
  readonly #jar = new CookieJar()

  constructor(send: Send, state: ProviderState, server: ProviderServer, cookie: string | undefined) {
    this.#send = send
    this.#state = state
    this.#server = server
    this.#jar.take(cookie?.split('; ') ?? [])
  }

  /** Opens a page that leads to the provider, decides there, and comes back. */
  async login(path: string, decision: Decision): Promise<WalkedLogin> {
    const url = await this.#leave(path, endpointPaths.authorization, 'GET')
    const failure = this.#server.failureOf('authorization')
    if (failure !== undefined) throw new ProviderError('provider_unavailable', `the provider answers ${failure.status}`)
    const request = readAuthorizationRequest(this.#state, url.searchParams)
    const answer = authorize(this.#state, request, decision)
    const response = await this.#comeBack(answer)
    if (response.status >= 400 && decision.error === undefined) throw refusal(answer, response)
    return {
      ...this.#result(response),
      clientId: request.get('client_id') ?? '',
      redirectUri: answer.redirectUri,
      sentTo: response.sentTo,
    }
  }

  /** Signs out in the application, then at the provider, and comes back. */
  async logout(path: string): Promise<Walked> {
    const url = await this.#leave(path, endpointPaths.endSession, 'POST')
    const target = endSession(this.#state, url.searchParams)
    if (target === undefined) return { status: 200, location: undefined, cookie: this.#jar.header }
    return this.#result(await this.#open(pathOf(target), 'cross-site'))
  }

  async #comeBack({ redirectUri, parameters, isPosted }: AuthorizationAnswer): Promise<AppResponse> {
    if (!isPosted) {
      const url = new URL(redirectUri)
      for (const [name, value] of parameters) url.searchParams.set(name, value)
      return this.#open(pathOf(url.href), 'cross-site')
    }
    return this.#request('POST', pathOf(redirectUri), 'cross-site', parameters)
  }

  // Follows the application's own redirects, until one leads to the provider.
  async #leave(path: string, endpoint: string, method: 'GET' | 'POST'): Promise<URL> {
    const { issuer } = this.#state.configuration
    let response =
      method === 'GET'
        ? await this.#open(path, 'none')
        : await this.#request(method, path, 'same-origin', new URLSearchParams())
    for (let count = 0; count < maxRedirects && response.location !== undefined; count += 1) {
      const { location } = response
      if (location.startsWith(issuer + endpoint)) return new URL(location)
      if (isOfClient(location)) throw elsewhere(`${method} ${path}`, location, issuer)
      response = await this.#open(pathOf(location), 'same-origin')
    }
    throw new TransactionError(
      'login_refused',
      `${method} ${path} did not lead to the provider, but to an answer with status ${response.status}${choiceIn(response.text)}${windowIn(response)}: ${start(response.text)}`,
    )
  }

  #open(path: string, site: string): Promise<AppResponse> {
    return this.#request('GET', path, site)
  }

  async #request(method: 'GET' | 'POST', path: string, site: string, form?: URLSearchParams): Promise<AppResponse> {
    const cookie = this.#jar.header
    const response = await this.#send({
      method,
      path,
      headers: {
        accept: 'text/html',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-site': site,
        ...(cookie === '' ? {} : { cookie }),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form?.toString(),
    })
    this.#jar.take(response.setCookies)
    return { ...response, location: response.location ?? onwardUrl(response.text) }
  }

  #result({ status, location }: AppResponse): Walked {
    return { status, location, cookie: this.#jar.header }
  }
}

// Where a redirect would lose a browser's cookies, the application sends a page that goes on by itself.
function onwardUrl(page: string): string | undefined {
  const [, url] = /<meta http-equiv="refresh" content="0;url=([^"]+)"/.exec(page) ?? []
  return url === undefined ? undefined : textOf(url)
}

function textOf(html: string): string {
  return html
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

// The application may listen elsewhere than its base URL says.
function pathOf(location: string): string {
  const { pathname, search } = new URL(location, 'http://localhost')
  return pathname + search
}

function refusal({ redirectUri }: AuthorizationAnswer, { status, text }: AppResponse): TransactionError {
  const message = `${pathOf(redirectUri)} answered ${status} and signed nobody in: ${start(text)}`
  return new TransactionError('login_refused', message)
}

// Applications send nobody to themselves with a client ID: this is a request to some provider.
function isOfClient(location: string): boolean {
  return URL.canParse(location) && new URL(location).searchParams.has('client_id')
}

function elsewhere(what: string, location: string, issuer: string): TransactionError {
  const message = `${what} led to ${new URL(location).origin}, and this provider is ${issuer}: sign in by the signIn() of the other, or give the path of a login here`
  return new TransactionError('login_refused', message)
}

function choiceIn(page: string): string {
  const [, path] = /href="([^"?]*\/login\/[^"?]+)/.exec(page) ?? []
  return path === undefined ? '' : `, where people choose a provider (give signIn() { path: '${path}' })`
}

// `fetch` of Node replaces `Sec-Fetch-Mode`.
function windowIn({ status, text }: AppResponse): string {
  const isFetched = status === 401 && text.includes('a login needs a browser window')
  return isFetched
    ? ' (requests by fetch() of Node do not look like those of a browser window: give signIn() the URL instead)'
    : ''
}

// The text of a page as a person reads it: the code of an error is at its end.
function start(text: string): string {
  const body = /^\s*</.test(text) ? withoutMarkup(text) : text
  return body.replaceAll(/\s+/g, ' ').trim().slice(0, 300)
}

function withoutMarkup(page: string): string {
  const shown = page.replaceAll(/<(head|script)\b[^>]*>[\s\S]*?<\/\1>/gi, ' ').replaceAll(/<[^>]*>/g, ' ')
  return textOf(shown)
}

/** Where logout tokens go. The route of one of several providers ends with its name, as its callback does. */
export function logoutPathBeside(redirectUri: string): string {
  const { pathname } = new URL(redirectUri)
  const beside = pathname.replace(/\/callback(?=\/[^/]+$)/, '/backchannel-logout')
  return beside === pathname ? new URL('backchannel-logout', redirectUri).pathname : beside
}
