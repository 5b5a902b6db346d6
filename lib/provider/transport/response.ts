import type { JsonObject } from '../../base/json.js'

/** Changes to a `Response`. */
export interface ResponseChanges {
  readonly text?: string
  /** A JSON body, instead of a text that would have to be parsed. */
  readonly json?: JsonObject | undefined
  /** Lower-case name of a header to remove. */
  readonly without?: string
  readonly contentType?: string
}

/** A response that has been read completely. */
export class HttpResponse {
  readonly status: number
  /** The body, decoded as UTF-8. */
  readonly text: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(status: number, headers: Readonly<Record<string, string>>, text: string) {
    this.status = status
    this.text = text
    this.#headers = headers
  }

  /** Returns a header by its lower-case name. */
  header(name: string): string | undefined {
    return Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined
  }

  /** Converts to a `Response`, with changes, for libraries that need one. */
  toResponse({ json, text = this.text, without, contentType }: ResponseChanges = {}): BufferedResponse {
    const headers: Record<string, string> = { ...this.#headers }
    // The body has been decoded, so headers about its encoding no longer apply.
    for (const name of ['content-encoding', 'content-length', without ?? '']) Reflect.deleteProperty(headers, name)
    if (contentType !== undefined) headers['content-type'] = contentType
    return new BufferedResponse(this.status, new Headers(headers), json ?? text)
  }
}

/**
 * A response whose body is in memory, so it can be read any number of times. It does not use the global `Response`,
 * because some servers replace that with one that cannot be created or read in the usual way.
 */
export class BufferedResponse implements Response {
  readonly status: number
  readonly headers: Headers
  readonly ok: boolean
  readonly statusText = ''
  readonly type = 'default'
  readonly url = ''
  readonly redirected = false
  readonly body = null
  readonly bodyUsed = false
  readonly #body: string | JsonObject

  constructor(status: number, headers: Headers, body: string | JsonObject) {
    this.status = status
    this.headers = headers
    this.ok = status >= 200 && status < 300
    this.#body = body
  }

  // oauth4webapi takes for a `Response` what has the tag of the global class of that moment.
  get [Symbol.toStringTag](): unknown {
    const tag: unknown = Reflect.get(globalThis.Response.prototype, Symbol.toStringTag)
    return tag
  }

  readonly text = async (): Promise<string> => this.#asText()

  readonly json = async (): Promise<unknown> => (typeof this.#body === 'string' ? JSON.parse(this.#body) : this.#body)

  readonly clone = (): BufferedResponse => new BufferedResponse(this.status, new Headers(this.headers), this.#body)

  readonly blob = async (): Promise<Blob> => new Blob([this.#asText()])

  readonly arrayBuffer = async (): Promise<ArrayBuffer> => (await this.blob()).arrayBuffer()

  readonly bytes = async (): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await this.arrayBuffer())

  readonly formData = (): Promise<never> => Promise.reject(new TypeError('the response is not a form'))

  #asText(): string {
    return typeof this.#body === 'string' ? this.#body : JSON.stringify(this.#body)
  }
}
