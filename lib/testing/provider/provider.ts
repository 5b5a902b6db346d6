import { ConfigurationError } from '../../errors.js'
import { internals } from '../../base/runtime.js'
import { type ProviderRequest, errorResponse, json } from './answers.js'
import { type TestEndpoint, endpointPaths, isEndpointName, metadataOf } from './metadata.js'
import type { ProviderState } from './state.js'
import { answerToken } from './token-endpoint.js'
import { answerIntrospection, answerPushed, answerRevocation, answerUserinfo } from './token-services.js'

/** What an endpoint answers in place of its own answer. */
interface Failure {
  readonly status: number
  readonly body: unknown
}

type Endpoint = (state: ProviderState, request: ProviderRequest) => Response

const endpoints: Readonly<Record<Exclude<TestEndpoint, 'authorization' | 'endSession'>, Endpoint>> = {
  discovery: ({ configuration }) => json(metadataOf(configuration.issuer)),
  jwks: ({ key }) => json({ keys: [key.publicJwk] }),
  token: postOnly(answerToken),
  userinfo: answerUserinfo,
  introspection: postOnly(answerIntrospection),
  revocation: postOnly(answerRevocation),
  par: postOnly(answerPushed),
}

/** The provider as applications and APIs reach it. */
export class ProviderServer {
  readonly #state: ProviderState
  readonly #failures = new Map<TestEndpoint, Failure>()
  /** Whether it is reached at all. */
  isUp = true

  constructor(state: ProviderState) {
    this.#state = state
    internals().clocks.set(this.fetch, state.clock)
  }

  /** Reaches the provider, without a network, and other hosts as the options say. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    const { issuer, fetch: elsewhere } = this.#state.configuration
    if (!request.url.startsWith(`${issuer}/`)) {
      if (elsewhere !== undefined) return elsewhere(input, init)
      throw new ConfigurationError('invalid_options', noNetwork(request.method, url, issuer))
    }
    if (!this.isUp) throw new TypeError('fetch failed', { cause: unreachable() })
    const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true
    const form = new URLSearchParams(isForm ? await request.text() : '')
    return this.answer({ method: request.method, url, headers: request.headers, form })
  }

  /** Answers requests to the endpoints that are not for browsers. */
  answer(request: ProviderRequest): Response {
    const path = request.url.href.split('?', 1)[0]?.slice(this.#state.configuration.issuer.length)
    const [name] = Object.entries(endpointPaths).find(([, known]) => known === path) ?? []
    if (name === undefined || !isEndpointName(name)) return new Response(null, { status: 404 })
    const failure = this.#failures.get(name)
    if (failure !== undefined) return failureResponse(failure)
    if (name === 'authorization' || name === 'endSession') return new Response(null, { status: 404 })
    try {
      return endpoints[name](this.#state, request)
    } catch (error) {
      return errorResponse(error)
    }
  }

  /** Has an endpoint fail until {@link recover} is called. */
  fail(name: TestEndpoint, failure: Failure): void {
    this.#failures.set(name, failure)
  }

  /** What an endpoint for browsers fails with. */
  failureOf(name: TestEndpoint): Failure | undefined {
    return this.#failures.get(name)
  }

  /** Has an endpoint, or all of them, answer again. */
  recover(name?: TestEndpoint): void {
    if (name === undefined) this.#failures.clear()
    else this.#failures.delete(name)
  }
}

// These have no body (RFC 9110 section 15); Response throws if they are given one.
const bodiless: readonly number[] = [204, 205, 304]

function failureResponse({ status, body }: Failure): Response {
  return bodiless.includes(status) ? new Response(null, { status }) : json(body, status)
}

function postOnly(endpoint: Endpoint): Endpoint {
  return (state, request) =>
    request.method === 'POST'
      ? endpoint(state, request)
      : new Response(null, { status: 405, headers: { allow: 'POST' } })
}

function noNetwork(method: string, { origin, pathname }: URL, issuer: string): string {
  return `a test sends nothing over the network: ${method} ${origin}${pathname} is not at the test provider, ${issuer}. Give testProvider() a "fetch" that answers it`
}

function unreachable(): Error {
  return Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
}
