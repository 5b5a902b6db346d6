import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { ResponseHeaders } from '../response-headers.js'

/** What the API says to a WebSocket handshake: the socket, or a refusal. */
export interface HandshakeAnswer {
  readonly statusCode: number
  readonly headers: ResponseHeaders
  /** Only after 101. */
  readonly socket?: Duplex
}

interface Outcome {
  readonly resolve: (answer: HandshakeAnswer) => void
  readonly reject: (reason: Error) => void
}

/** Waits for the answer to a WebSocket handshake (RFC 6455 section 4.1). The `upgrade()` of undici does not say the status of a refusal. */
export class Handshake implements Dispatcher.DispatchHandler {
  readonly #outcome: Outcome
  readonly #signal: AbortSignal

  constructor(outcome: Outcome, signal: AbortSignal) {
    this.#outcome = outcome
    this.#signal = signal
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const abort = (): void => controller.abort(new Error('the browser has gone'))
    if (this.#signal.aborted) abort()
    else this.#signal.addEventListener('abort', abort, { once: true })
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: ResponseHeaders,
    socket: Duplex,
  ): void {
    this.#outcome.resolve({ statusCode, headers, socket })
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number, headers: ResponseHeaders): void {
    // An interim response: the answer is still to come (RFC 9110 section 15.2).
    if (statusCode < 200 && statusCode !== 101) return
    this.#outcome.resolve({ statusCode, headers })
    controller.abort(new Error('the API has refused the WebSocket'))
  }

  // undici requires them.
  onResponseData(): void {}
  onResponseEnd(): void {}

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#outcome.reject(error)
  }
}
