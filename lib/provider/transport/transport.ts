import { ProviderError } from '../../errors.js'

/** One request as it is sent. */
export interface TransportRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | URLSearchParams | undefined
}

/** The beginning of an answer: its body is still to come. */
export interface TransportResponse {
  readonly status: number
  readonly isRedirect: boolean
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Reads the body to its end, and undoes its content coding.
   *
   * @throws {ProviderError} `provider_response_too_large` beyond so many bytes, compressed or not
   */
  read(maxBytes: number): Promise<Buffer>
  /** Gives the body up. */
  discard(): void
}

/** A request that is under way. */
export interface PendingResponse {
  /** Rejects with the system's error when nobody answers. */
  readonly answer: Promise<TransportResponse>
  /** Gives it up, the body of its answer too. */
  abort(reason: Error): void
}

/** Sends requests, none of them twice; follows no redirect. */
export interface Transport {
  send(url: string, request: TransportRequest): PendingResponse
  /** Closes connections that are kept for later. */
  close(): void
}

/** Whether a status asks to go elsewhere. */
export function isRedirectStatus(status: number): boolean {
  return status >= 300 && status < 400
}

/** The failure for a body over its cap. */
export function tooLarge(maxBytes: number): ProviderError {
  return new ProviderError('provider_response_too_large', `the provider's response is larger than ${maxBytes} bytes`, {
    status: 502,
  })
}
