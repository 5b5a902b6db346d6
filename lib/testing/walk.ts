import { parseUrl } from '../base/url.js'
import { ProviderError, TransactionError } from '../errors.js'
import type { AppResponse, Send } from './agent.js'
import { choiceIn, onwardUrl, start, windowIn } from './app-page.js'
import { CookieJar } from './cookie-jar.js'
import { OAuthError } from './provider/answers.js'
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

/** How a browser leaves the application, or that it does not. */
interface Departure {
  /** Where it goes at the provider. */
  readonly url?: URL
  /** The application's first answer, and its last. */
  readonly first: AppResponse
  readonly last: AppResponse
}

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
    const { url, last } = await this.#leave(path, endpointPaths.authorization, 'GET')
    if (url === undefined) throw notLed(`GET ${path}`, last)
    this.#requireUp('authorization')
    const request = accepted(() => readAuthorizationRequest(this.#state, url.searchParams))
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

  /** Signs out in the application, then at the provider, and comes back; a logout of the application alone ends with its answer. */
  async logout(path: string): Promise<Walked> {
    const { url, first, last } = await this.#leave(path, endpointPaths.endSession, 'POST')
    if (url === undefined) {
      if (first.location === undefined) throw notLed(`POST ${path}`, last)
      return this.#result(first)
    }
    this.#requireUp('endSession')
    const target = accepted(() => endSession(this.#state, url.searchParams))
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

  #requireUp(endpoint: 'authorization' | 'endSession'): void {
    const failure = this.#server.failureOf(endpoint)
    if (failure !== undefined) throw new ProviderError('provider_unavailable', `the provider answers ${failure.status}`)
    if (!this.#server.isUp) throw new ProviderError('provider_unavailable', 'the provider is down')
  }

  // Follows the application's own redirects, until one leads to the provider.
  async #leave(path: string, endpoint: string, method: 'GET' | 'POST'): Promise<Departure> {
    const { issuer } = this.#state.configuration
    const first =
      method === 'GET'
        ? await this.#open(path, 'none')
        : await this.#request(method, path, 'same-origin', new URLSearchParams())
    let last = first
    for (let count = 0; count < maxRedirects && last.location !== undefined; count += 1) {
      const { location } = last
      if (location.startsWith(issuer + endpoint)) return { url: new URL(location), first, last }
      // A guard of the page that a logout leads to.
      if (location.startsWith(issuer + endpointPaths.authorization)) break
      if (isOfClient(location)) throw elsewhere(`${method} ${path}`, location, issuer)
      last = await this.#open(pathOf(location), 'same-origin')
    }
    return { first, last }
  }

  #open(path: string, site: string): Promise<AppResponse> {
    return this.#request('GET', path, site)
  }

  async #request(method: 'GET' | 'POST', path: string, site: string, form?: URLSearchParams): Promise<AppResponse> {
    const cookie = this.#jar.headerFor({ site, method })
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

// The provider shows such an error on a page of its own: no redirect may carry it.
function accepted<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    throw new TransactionError('login_refused', `the provider refused the request (${error.error}): ${error.message}`)
  }
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

function notLed(what: string, response: AppResponse): TransactionError {
  const { status, text } = response
  return new TransactionError(
    'login_refused',
    `${what} did not lead to the provider, but to an answer with status ${status}${choiceIn(text)}${windowIn(response)}: ${start(text)}`,
  )
}

// Applications send nobody to themselves with a client ID: this is a request to some provider.
function isOfClient(location: string): boolean {
  return parseUrl(location)?.searchParams.has('client_id') === true
}

function elsewhere(what: string, location: string, issuer: string): TransactionError {
  const message = `${what} led to ${new URL(location).origin}, and this provider is ${issuer}: sign in by the signIn() of the other, or give the path of a login here`
  return new TransactionError('login_refused', message)
}

/** Where logout tokens go. The route of one of several providers ends with its name, as its callback does. */
export function logoutPathBeside(redirectUri: string): string {
  const { pathname } = new URL(redirectUri)
  const beside = pathname.replace(/\/callback(?=\/[^/]+$)/, '/backchannel-logout')
  return beside === pathname ? new URL('backchannel-logout', redirectUri).pathname : beside
}
