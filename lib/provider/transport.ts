import { ProviderError } from '../errors.js'

/** One request as it is sent. */
export interface TransportRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | URLSearchParams | undefined
}

/** The beginning of an answer: its body is still to come. */
export interface Answer {
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
export interface Sending {
  /** Rejects with the system's error when nobody answers. */
  readonly answer: Promise<Answer>
  /** Gives it up, the body of its answer too. */
  abort(reason: Error): void
}

/** Sends requests, none of them twice; follows no redirect. */
export interface Transport {
  send(url: string, request: TransportRequest): Sending
  /** Closes connections that are kept for later. */
  close(): void
}

/** Uses a `fetch` of the application's choice. */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return {
    send(url, { method, headers, body = null }) {
      const controller = new AbortController()
      const { signal } = controller
      const begun = async () =>
        new FetchAnswer(await fetch(url, { method, headers, body, redirect: 'manual', signal }), signal)
      return { answer: begun(), abort: (reason) => controller.abort(reason) }
    },
    close: () => undefined,
  }
}

class FetchAnswer implements Answer {
  readonly #response: Response
  readonly #signal: AbortSignal

  constructor(response: Response, signal: AbortSignal) {
    this.#response = response
    this.#signal = signal
  }

  get status(): number {
    return this.#response.status
  }

  get isRedirect(): boolean {
    return this.#response.type === 'opaqueredirect' || isRedirectStatus(this.status)
  }

  get headers(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#response.headers)
  }

  async read(maxBytes: number): Promise<Buffer> {
    const { body } = this.#response
    if (body === null) return Buffer.alloc(0)
    const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader()
    const cancel = () => void reader.cancel().catch(() => undefined)
    this.#signal.addEventListener('abort', cancel, { once: true })
    const chunks: Uint8Array[] = []
    let length = 0
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return Buffer.concat(chunks, length)
        length += value.length
        if (length > maxBytes) throw tooLarge(maxBytes)
        chunks.push(value)
      }
    } finally {
      this.#signal.removeEventListener('abort', cancel)
      cancel()
    }
  }

  // Not waited for: a stream may take its time to end, and the refusal is known already.
  discard(): void {
    this.#response.body?.cancel().catch(() => undefined)
  }
}

/** Whether a status asks to go elsewhere. */
export function isRedirectStatus(status: number): boolean {
  return status >= 300 && status < 400
}

/** The failure for a body over its cap. */
export function tooLarge(maxBytes: number): ProviderError {
  return new ProviderError('provider_response_too_large', `the provider's answer is larger than ${maxBytes} bytes`, {
    status: 502,
  })
}
