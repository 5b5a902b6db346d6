import { testApi, type TestApi } from './api.js'
import { type FakeProvider, apiProvider, audience } from '../provider/provider.js'

/** One question that the introspection endpoint was asked. */
export interface Question {
  readonly url: string
  readonly headers: Headers
  readonly form: URLSearchParams
}

/** A validator of opaque tokens, and the endpoint that it asks. */
export interface IntrospectingApi extends TestApi {
  readonly questions: Question[]
  /** Members of the next answers; a function may answer as it likes. */
  answer: Record<string, unknown> | ((question: Question) => Response | Promise<Response>)
}

/** An active token's answer. */
export function active(issuer: FakeProvider, overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    active: true,
    sub: 'alice',
    client_id: 'web',
    scope: 'orders:read',
    aud: audience,
    exp: issuer.clock.seconds + 300,
    token_type: 'Bearer',
    ...overrides,
  }
}

/** Makes the validator; `introspection` is laid over a client with a secret. */
export function introspectingApi(
  introspection: Record<string, unknown> = {},
  options: Record<string, unknown> = {},
  issuer = apiProvider(),
): IntrospectingApi {
  issuer.metadata = { ...issuer.metadata, introspection_endpoint: `${issuer.issuer}/introspect` }
  const client = { clientId: 'api', clientSecret: 'api secret', ...introspection }
  const api: IntrospectingApi = {
    ...testApi({ introspection: client, ...options }, issuer),
    questions: [],
    answer: active(issuer),
  }
  issuer.intercept = (url, { headers, body }) => {
    if (url !== `${issuer.issuer}/introspect`) return undefined
    const question = { url, headers: new Headers(headers), form: new URLSearchParams(String(body)) }
    api.questions.push(question)
    return typeof api.answer === 'function' ? api.answer(question) : Response.json(api.answer)
  }
  return api
}
