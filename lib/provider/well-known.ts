import { type JsonObject, parseJsonObject } from '../base/json.js'
import type { OidcError } from '../errors.js'
import type { HttpClient } from './transport/http-client.js'

/** Where a document may be. */
interface WellKnownPlaces {
  readonly urls: readonly string[]
  readonly maxBytes: number
  /** The error for a response that is neither the document nor 404. */
  readonly unexpected: (status: number) => OidcError
}

/**
 * Fetches a JSON document from the first of several places that has it.
 *
 * @returns `undefined` if each of them answers with 404
 * @throws {ProviderError} for outages, and the error of `unexpected`
 */
export async function fetchWellKnown(
  { urls, maxBytes, unexpected }: WellKnownPlaces,
  httpClient: HttpClient,
): Promise<JsonObject | undefined> {
  for (const url of urls) {
    const response = await httpClient.request(url, { headers: { accept: 'application/json' }, maxBytes })
    if (response.status === 404) continue
    const document = response.status === 200 ? parseJsonObject(response.text) : undefined
    if (document === undefined) throw unexpected(response.status)
    return document
  }
  return undefined
}
