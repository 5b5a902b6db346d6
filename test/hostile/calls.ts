import type { Seen } from '../kit/provider/provider.js'

/** The endpoints that the provider counts; `other` is every path that it does not have. */
export type Endpoint = 'discovery' | 'jwks' | 'par' | 'authorize' | 'token' | 'userinfo' | 'end_session' | 'other'

/** How often each endpoint was asked. */
export type Calls = Readonly<Record<Endpoint, number>>

/** Which endpoint a request asks. The key set has a path that only the metadata name. */
export function endpointOf({ url: { pathname } }: Seen): Endpoint {
  if (pathname === '/.well-known/openid-configuration') return 'discovery'
  if (/^\/[\w-]{36}\/jwks$/.test(pathname)) return 'jwks'
  const name = pathname.slice(1)
  const isEndpoint =
    name === 'par' || name === 'authorize' || name === 'token' || name === 'userinfo' || name === 'end_session'
  return isEndpoint ? name : 'other'
}

/** Counts requests by endpoint. */
export function countCalls(requests: readonly Seen[]): Calls {
  const calls = { discovery: 0, jwks: 0, par: 0, authorize: 0, token: 0, userinfo: 0, end_session: 0, other: 0 }
  for (const request of requests) calls[endpointOf(request)] += 1
  return calls
}
