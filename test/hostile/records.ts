import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** The endpoints that the provider counts; `other` is every path that it does not have. */
export const endpoints = ['discovery', 'jwks', 'authorize', 'token', 'userinfo', 'end_session', 'other'] as const

/** One of the provider's endpoints. */
export type Endpoint = (typeof endpoints)[number]

/** How often each endpoint was asked. */
export type Calls = Readonly<Record<Endpoint, number>>

/** One request as the provider saw it. */
export interface RecordedRequest {
  readonly endpoint: Endpoint
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
  readonly body: URLSearchParams
}

/** Counts requests by endpoint. */
export function countCalls(requests: readonly RecordedRequest[]): Calls {
  const count = (endpoint: Endpoint) => requests.filter((request) => request.endpoint === endpoint).length
  return {
    discovery: count('discovery'),
    jwks: count('jwks'),
    authorize: count('authorize'),
    token: count('token'),
    userinfo: count('userinfo'),
    end_session: count('end_session'),
    other: count('other'),
  }
}

/** Reads a whole request. */
export async function recordRequest(request: IncomingMessage, endpoint: Endpoint): Promise<RecordedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  return {
    endpoint,
    method: request.method ?? '',
    headers: request.headers,
    query: url.searchParams,
    body: new URLSearchParams(Buffer.concat(chunks).toString()),
  }
}
