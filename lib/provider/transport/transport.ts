import { ProviderError } from '../../errors.js'

/** One request, as sent. */
export interface TransportRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | URLSearchParams | undefined
}

/** Status and headers of a response whose body has not been read. */
export interface TransportResponse {
  readonly status: number
  readonly isRedirect: boolean
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Reads and decodes the whole body.
   *
   * @throws {ProviderError} `provider_response_too_large` if it exceeds `maxBytes`, encoded or decoded
   */
  read(maxBytes: number): Promise<Buffer>
  /** Discards the body. */
  discard(): void
}

/** A request in flight. */
export interface PendingResponse {
  /** Rejects with the system's error if there is no response. */
  readonly answer: Promise<TransportResponse>
  /** Aborts the request and the reading of its response. */
  abort(reason: Error): void
}

/** Sends requests; does not follow redirects. */
export interface Transport {
  send(url: string, request: TransportRequest): PendingResponse
  /** Closes all connections, those with requests in progress too. */
  close(): void
}

/** Whether a status is a redirect. */
export function isRedirectStatus(status: number): boolean {
  return status >= 300 && status < 400
}

/** The error for a body over its limit. */
export function tooLarge(maxBytes: number): ProviderError {
  return new ProviderError('provider_response_too_large', `the provider's response is larger than ${maxBytes} bytes`)
}
