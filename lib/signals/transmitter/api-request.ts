import { isJsonObject, type JsonObject, parseJsonValue } from '../../base/json.js'
import { retryAfterSeconds } from '../../base/outage.js'
import { ConfigurationError, ProviderError } from '../../errors.js'
import { isTokenSource } from '../../options/signals/schema.js'
import type { HttpResponse } from '../../provider/transport/response.js'
import type { Transmitter } from './transmitter.js'

/** A request to a transmitter's API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly url: string
  readonly body?: Readonly<JsonObject>
  /** Minimum deadline, for requests that the transmitter may hold. */
  readonly minTimeoutSeconds?: number
}

const maxBytes = 4 * 1024 * 1024

/**
 * Makes a request with the access token, and with a new one if that was refused (RFC 6750 section 3.1).
 *
 * @throws {ProviderError} `stream_refused`, `provider_refused_client`, or an outage
 */
export async function callApi(transmitter: Transmitter, request: ApiRequest): Promise<HttpResponse> {
  const { accessToken } = transmitter.options
  const token = await tokenOf(accessToken)
  const response = await send(transmitter, request, token)
  if (response.status !== 401 || typeof accessToken === 'string' || accessToken === undefined) {
    return requireSuccess(response)
  }
  if (isTokenSource(accessToken) && token !== undefined) accessToken.drop(token)
  return requireSuccess(await send(transmitter, request, await tokenOf(accessToken)))
}

/** The JSON of a response; {@link ProviderError} `provider_response_invalid` for anything else. */
export function jsonOf({ status, text }: HttpResponse): JsonObject | readonly unknown[] {
  const value = parseJsonValue(text)
  if (isJsonObject(value) || Array.isArray(value)) return value
  throw new ProviderError('provider_response_invalid', `the transmitter's response is not JSON (status ${status})`, {
    status: 502,
  })
}

async function tokenOf(accessToken: Transmitter['options']['accessToken']): Promise<string | undefined> {
  if (isTokenSource(accessToken)) return accessToken.getToken()
  return typeof accessToken === 'function' ? accessToken() : accessToken
}

function send(
  { httpClient, options: { issuer } }: Transmitter,
  { method, url, body, minTimeoutSeconds = 0 }: ApiRequest,
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
  return httpClient.request(url, { method, headers, body: text, maxBytes, minTimeoutSeconds })
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
    status: 502,
    details: { subject: 'status', seen: String(status) },
  })
}
