import { Cached } from '../base/cache/cached-document.js'
import { parseJsonObject, type JsonObject } from '../base/json.js'
import type { Runtime } from '../base/runtime.js'
import type { PolicyDecisionPointConfiguration } from '../options/decision/schema.js'
import type { HttpClient } from '../provider/transport/http-client.js'
import { decisionUnavailable } from './answer.js'

/** Where a policy decision point takes questions. */
export interface PdpEndpoints {
  readonly evaluation: string
  /** The endpoint for several questions at once; absent if there is none. */
  readonly evaluations?: string
}

const maxAgeSeconds = 3600

/**
 * Finds the endpoints: below the URL, or by its metadata (Authorization API 1.0, section 9).
 *
 * @returns a function that throws {@link AccessError} `decision_unavailable`, or what the request throws
 */
export function pdpEndpoints(
  { url, discovery }: Pick<PolicyDecisionPointConfiguration, 'url' | 'discovery'>,
  httpClient: HttpClient,
  runtime: Runtime,
): () => Promise<PdpEndpoints> {
  const base = url.replace(/\/$/, '')
  if (!discovery) {
    const usual = { evaluation: `${base}/access/v1/evaluation`, evaluations: `${base}/access/v1/evaluations` }
    return async () => usual
  }
  const document = new Cached({
    runtime,
    maxAgeSeconds,
    staleSeconds: Infinity,
    fetch: async () => endpointsIn(await fetchMetadata(url, httpClient), url, httpClient),
  })
  return () => document.get()
}

async function fetchMetadata(url: string, httpClient: HttpClient): Promise<JsonObject> {
  const { origin, pathname } = new URL(url)
  const place = `${origin}/.well-known/authzen-configuration${pathname.replace(/\/$/, '')}`
  const { status, text } = await httpClient.request(place, { headers: { accept: 'application/json' } })
  const document = status === 200 ? parseJsonObject(text) : undefined
  if (document === undefined) throw decisionUnavailable('published no metadata that can be read', `status ${status}`)
  return document
}

// Another name is another policy decision point's (section 9.2.3).
function endpointsIn(document: JsonObject, url: string, httpClient: HttpClient): PdpEndpoints {
  const {
    policy_decision_point: name,
    access_evaluation_endpoint: evaluation,
    access_evaluations_endpoint: evaluations,
  } = document
  if (name !== url)
    throw decisionUnavailable('published metadata of another name: "url" must be the same', 'another name')
  const usable = (endpoint: unknown): endpoint is string => typeof endpoint === 'string' && httpClient.allows(endpoint)
  if (!usable(evaluation))
    throw decisionUnavailable('published metadata without a usable endpoint', 'access_evaluation_endpoint')
  return usable(evaluations) ? { evaluation, evaluations } : { evaluation }
}
