import { isJsonObject, type JsonObject, parseJsonValue } from '../../base/json.js'
import { outage, retryAfterSeconds } from '../../base/outage.js'
import { callInTime } from '../../base/timers/call-in-time.js'
import { ConfigurationError, ProviderError } from '../../errors.js'
import { isTokenSource } from '../../options/signals/schema.js'
import type { HttpResponse } from '../../provider/transport/response.js'
import type { Transmitter } from './transmitter.js'

/** The transmitter has held a request as long as it may, since there was nothing to send. */
export class NothingCame extends Error {}

/** A request to a transmitter's API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly url: string
  readonly body?: Readonly<JsonObject>
  /** How long the transmitter may hold the request; absent if it is to answer at once. */
  readonly heldSeconds?: number
}

const maxBytes = 4 * 1024 * 1024

/**
 * Makes a request with the access token, and with a new one if that was refused (RFC 6750 section 3.1).
 *
 * @throws {ProviderError} `stream_refused`, `provider_refused_client`, or an outage
 * @throws {NothingCame} for a request that may be held
 */
export async function callApi(transmitter: Transmitter, request: ApiRequest): Promise<HttpResponse> {
  const { accessToken } = transmitter.options
  const token = await tokenOf(transmitter)
  const response = await send(transmitter, request, token)
  if (response.status !== 401 || typeof accessToken === 'string' || accessToken === undefined) {
    return requireSuccess(response)
  }
  if (isTokenSource(accessToken) && token !== undefined) accessToken.drop(token)
  return requireSuccess(await send(transmitter, request, await tokenOf(transmitter)))
}

/** The JSON of a response; {@link ProviderError} `provider_response_invalid` for anything else. */
export function jsonOf({ status, text }: HttpResponse): JsonObject | readonly unknown[] {
  const value = parseJsonValue(text)
  if (isJsonObject(value) || Array.isArray(value)) return value
  throw new ProviderError('provider_response_invalid', `the transmitter's response is not JSON (status ${status})`)
}

async function tokenOf({ options, httpTimeoutSeconds }: Transmitter): Promise<string | undefined> {
  const { accessToken } = options
  if (isTokenSource(accessToken)) return accessToken.getToken()
  if (typeof accessToken !== 'function') return accessToken
  const token = await callInTime('accessToken', accessToken, httpTimeoutSeconds)
  if (typeof token === 'string' && token !== '') return token
  throw outage('provider_unavailable', 'the function in "accessToken" returned no token')
}

async function send(
  { httpClient, options: { issuer } }: Transmitter,
  { method, url, body, heldSeconds }: ApiRequest,
  token: string | undefined,
): Promise<HttpResponse> {
  if (!httpClient.allows(url)) {
    throw new ConfigurationError('invalid_options', `signals(): the API of ${issuer} must be an https URL`)
  }
  const headers = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const text = body === undefined ? undefined : JSON.stringify(body)
  const sent = httpClient.request(url, { method, headers, body: text, maxBytes, minTimeoutSeconds: heldSeconds ?? 0 })
  return heldSeconds === undefined ? sent : sent.catch(throwNothingCame)
}

function throwNothingCame(error: unknown): never {
  throw error instanceof ProviderError && error.code === 'provider_timeout' ? new NothingCame() : error
}

const meanings: Readonly<Record<number, string>> = {
  400: 'it finds the request invalid',
  404: 'it knows no such stream or subject',
  409: 'there is a stream already',
}

function requireSuccess(response: HttpResponse): HttpResponse {
  const { status } = response
  if (status >= 200 && status < 300) return response
  if (status === 401 || status === 403) {
    const message = `the transmitter refuses the access token (status ${status}): see "accessToken"`
    const headers = { 'Retry-After': String(retryAfterSeconds) }
    throw new ProviderError('provider_refused_client', message, { headers })
  }
  const why = meanings[status] ?? 'it does not say why'
  const message = `the transmitter refuses the request about the stream (status ${status}): ${why}`
  throw new ProviderError('stream_refused', message, {
    details: { subject: 'status', seen: String(status) },
  })
}
