import { isJsonObject, type JsonObject, omitUndefined } from '../../base/json.js'
import { quoted, seenValue } from '../../base/error-cause.js'
import { outage } from '../../base/outage.js'
import { ProviderError } from '../../errors.js'
import type { EventStream, EventStreams, StreamRequest, StreamStatus } from '../../options/signals/streams.js'
import { type ApiRequest, callApi, jsonOf } from './api-request.js'
import type { HttpResponse } from '../../provider/transport/response.js'
import type { TransmitterEndpoint } from './configuration.js'
import { actingTypes } from '../events/event-types.js'
import type { StreamStates } from './stream-state.js'
import type { Transmitter } from './transmitter.js'

/** Delivery by push and by poll (SSF 1.0 section 6.1). */
const deliveryMethods = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' }

/** Creates the client of a transmitter's API. */
export function createStreams(transmitter: Transmitter, states: StreamStates): EventStreams {
  const { issuer } = transmitter.options
  const call = async (endpoint: TransmitterEndpoint, request: Omit<ApiRequest, 'url'>, query: JsonObject = {}) => {
    const url = new URL(await transmitter.endpoint(endpoint))
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value))
    return callApi(transmitter, { ...request, url: url.href })
  }
  const configure = async (method: ApiRequest['method'], body?: JsonObject, query?: JsonObject) =>
    requireStream(resultOf(await call('configuration_endpoint', { method, ...omitUndefined({ body }) }, query)), issuer)
  const post = async (endpoint: TransmitterEndpoint, body: JsonObject) => call(endpoint, { method: 'POST', body })
  return {
    create: (request = {}) => configure('POST', newStream(request, transmitter)),
    list: async () => listOf(jsonOf(await call('configuration_endpoint', { method: 'GET' })), issuer),
    read: (id) => configure('GET', undefined, { stream_id: id }),
    update: (id, request) => configure('PATCH', { stream_id: id, ...changes(request, transmitter) }),
    replace: (id, request) => configure('PUT', { stream_id: id, ...newStream(request, transmitter) }),
    remove: async (id) => {
      await call('configuration_endpoint', { method: 'DELETE' }, { stream_id: id })
    },
    status: async (id) => requireStatus(jsonOf(await call('status_endpoint', { method: 'GET' }, { stream_id: id }))),
    setStatus: async (id, status, reason) =>
      requireStatus(resultOf(await post('status_endpoint', { stream_id: id, status, ...omitUndefined({ reason }) }))),
    addSubject: async (id, subject, verified) => {
      await post('add_subject_endpoint', { stream_id: id, subject, ...omitUndefined({ verified }) })
    },
    removeSubject: async (id, subject) => {
      await post('remove_subject_endpoint', { stream_id: id, subject })
    },
    verify: async (id) => {
      await post('verification_endpoint', { stream_id: id, state: states.make(issuer, id) })
    },
  }
}

/**
 * The poll endpoint of the one stream with delivery by poll.
 *
 * @throws {ProviderError} `stream_refused` if there is none, or more than one
 */
export async function pollUrlOf(streams: Pick<EventStreams, 'list'>): Promise<string> {
  const urls = (await streams.list()).flatMap(({ delivery }) => {
    const url = delivery?.['endpoint_url']
    return delivery?.['method'] === deliveryMethods.poll && typeof url === 'string' ? [url] : []
  })
  const [url, ...others] = urls
  if (url !== undefined && others.length === 0) return url
  const message = `the transmitter has ${urls.length} streams with delivery by poll: create one, or name the endpoint in "poll.url"`
  throw new ProviderError('stream_refused', message)
}

// The transmitter has taken the request, and has no result yet (SSF 1.0 sections 8.1.1.3 and 8.1.2.2).
function resultOf(response: HttpResponse): JsonObject | readonly unknown[] {
  if (response.status !== 202 || response.text.trim() !== '') return jsonOf(response)
  throw outage('provider_unavailable', 'the transmitter has not made the change yet (status 202): try again later')
}

function newStream(
  { delivery = 'poll', events = actingTypes, ...rest }: StreamRequest,
  transmitter: Transmitter,
): JsonObject {
  return changes({ delivery, events, ...rest }, transmitter)
}

function changes(
  { delivery, authorization, events, description }: StreamRequest,
  { options: { pushAuthorization } }: Transmitter,
): JsonObject {
  return omitUndefined({
    delivery: delivery === undefined ? undefined : deliveryOf(delivery, authorization ?? pushAuthorization?.[0]),
    events_requested: events,
    description,
  })
}

function deliveryOf(delivery: string, authorization: string | undefined): JsonObject {
  if (delivery === 'poll') return { method: deliveryMethods.poll }
  return {
    method: deliveryMethods.push,
    endpoint_url: delivery,
    ...omitUndefined({ authorization_header: authorization }),
  }
}

// A stream of another issuer must not be used (SSF 1.0 section 8.1.1.1).
function requireStream(value: unknown, issuer: string): EventStream {
  if (!isStream(value)) throw invalid('provider_response_invalid', "the transmitter's response describes no stream")
  if (value.iss === issuer) return value
  const seen = seenValue(value.iss)
  throw invalid(
    'provider_issuer_mismatch',
    `the stream is of another issuer than the transmitter, ${quoted(issuer)}: ${seen}`,
  )
}

function isStream(value: unknown): value is EventStream {
  return isJsonObject(value) && typeof value['stream_id'] === 'string' && typeof value['iss'] === 'string'
}

// Older transmitters return the only stream as it is.
function listOf(value: unknown, issuer: string): readonly EventStream[] {
  return [value].flat().map((each) => requireStream(each, issuer))
}

function requireStatus(value: unknown): StreamStatus {
  if (isStatus(value)) return value
  throw invalid('provider_response_invalid', "the transmitter's response has no status")
}

function isStatus(value: unknown): value is StreamStatus {
  return isJsonObject(value) && ['enabled', 'paused', 'disabled'].includes(String(value['status']))
}

function invalid(code: 'provider_response_invalid' | 'provider_issuer_mismatch', message: string): ProviderError {
  return new ProviderError(code, message)
}
