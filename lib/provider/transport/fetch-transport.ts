import { type TransportResponse, isRedirectStatus, tooLarge, type Transport } from './transport.js'

/** Sends requests with the application's `fetch`. */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return {
    send(url, { method, headers, body = null }) {
      const controller = new AbortController()
      const { signal } = controller
      const begin = async () =>
        new FetchAnswer(await fetch(url, { method, headers, body, redirect: 'manual', signal }), signal)
      return { answer: begin(), abort: (reason) => controller.abort(reason) }
    },
    close: () => undefined,
  }
}

class FetchAnswer implements TransportResponse {
  readonly status: number
  readonly isRedirect: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly #response: Response
  readonly #signal: AbortSignal

  constructor(response: Response, signal: AbortSignal) {
    this.status = response.status
    this.isRedirect = response.type === 'opaqueredirect' || isRedirectStatus(response.status)
    this.headers = Object.fromEntries(response.headers)
    this.#response = response
    this.#signal = signal
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

  // Not awaited: the stream may take time to close, and the result is already known.
  discard(): void {
    this.#response.body?.cancel().catch(() => undefined)
  }
}
